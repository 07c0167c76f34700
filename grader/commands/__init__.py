"""The subcommands of the command line, one file each: its options, and a function that runs it."""
