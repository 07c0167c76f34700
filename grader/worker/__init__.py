"""The untrusted side: the process that imports a submission's scripts and answers calls.

This folder, except substitutes/, is copied into the sandbox and imported there as the package
`worker`, so it imports nothing of the grader. Reading order: entry, forkserver, lazy_dynamo,
worker, protocol, torch_probes, torch_structure.
"""
