"""The untrusted side: the process that imports a submission's scripts and answers calls.

The files of this folder are copied behind the sandbox and imported there as the package `worker`, so they import
nothing of ours from outside it. Reading order: entry, forkserver, worker, protocol, torch_probes, torch_structure.
"""
