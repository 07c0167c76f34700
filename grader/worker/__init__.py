"""The untrusted side: the process that imports a submission's scripts and answers calls.

This folder is copied into the sandbox and imported there as the package `worker`, with
assignment/answers.py and assignment/observing/ beside it, so it imports nothing else of ours, and
holds no right answer. Reading order: entry, forkserver, sealing, worker, protocol, stand_ins.
"""
