"""What every test may rely on. tests/student belongs to the handout and runs there (tests/assignment tries it)."""

import signal

collect_ignore = ["student", "specimens", "fuzz"]

# A shell's background job ignores Ctrl-C and passes that on to all it starts; the tests of Ctrl-C need it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
