"""Setup for every test. tests/student belongs to the handout; test_section_checks.py runs it."""

import signal

collect_ignore = ["student", "specimens", "fuzz"]

# A shell's background jobs ignore Ctrl-C, and so does all that they start; some tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
