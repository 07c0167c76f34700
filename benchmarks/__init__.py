"""Benchmarks: `make bench`, or `python -m benchmarks [SECTION …] [--quick]`.

A section is a module of this package, listed in `__main__.SECTIONS`, with

    def measure(settings: BenchmarkSettings) -> BenchmarkSection

that runs measurements and returns tables, goals and notes (records.py). `settings` holds the number
of rounds and whether the run is `quick` (a test with tiny inputs) or `full` (including measurements
that take many minutes). The tools are in timing.py: `interleave` measures contenders in turn, round
after round, so that a busy moment affects all of them; `Spread` holds the values of one contender,
and dividing two of them gives the ratios round by round; `run_command` measures wall time, CPU time
and memory of a process with its children; `Contender` is a process that measures itself on request.

Everything runs with OPENBLAS_CORETYPE unset, which would select a kernel for another processor:
`__main__` removes it from the environment before NumPy is imported. RESULTS.md and RESULTS.json are
rewritten after each section; other sections keep their old results, each with its own date and
machine.

a_class.py runs batch.py. The other scripts, such as similarity.py, are run by hand; their results
are not stored.
"""
