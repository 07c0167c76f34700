"""How fast it is, measured on the machine at hand: `make bench`, or `python -m benchmarks [SECTION …] [--quick]`.

A section is a module here, listed in `__main__.SECTIONS`, with

    def measure(settings: BenchmarkSettings) -> BenchmarkSection

that measures what it is about and gives back tables, goals and notes (records.py). `settings` says how many rounds to
take, and whether this is a `quick` try (a test: seconds, tiny inputs) or a `full` one (with what takes many minutes).
The tools are in timing.py: `interleave` measures contenders in turn, round after round, so that a busy minute hits all
of them; `Spread` keeps each one's values, and one divided by another is the spread of the ratios round by round;
`run_command` gives wall and CPU seconds and memory of a process and all its children; `Contender` is a process that
measures itself when asked, with a number of threads of its own.

Everything runs with OPENBLAS_CORETYPE unset, which would pin the kernel for another processor: `__main__` takes it out
of the environment before NumPy is imported. RESULTS.md and RESULTS.json are written anew after each section; sections
not measured this time stay as they were, each with its own date and machine.

batch.py is what a_class.py runs. The other scripts, such as similarity.py, are for questions asked by hand; their figures
stand nowhere.
"""
