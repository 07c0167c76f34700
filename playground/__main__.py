"""The command line, `python -m playground COMMAND`.

Exit status 0: success; 2: failure, with a one-line reason on standard error.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys

from playground.errors import PlaygroundError
from playground.parser import PlaygroundParser, parse

# By name, the line in `--help`, and the module and function that add its options. A module is
# imported only for its own command: `--help` needs not even NumPy.
COMMANDS = {
    "train": ("train a NumPy network and measure its test accuracy", "train", "add"),
    "samples": ("draw one image per class", "images", "add_samples"),
    "export-csv": (
        "write the images as CSV files: label,pixel1,…,pixel784",
        "images",
        "add_export",
    ),
    "inspect": ("write a page (HTML) that looks inside a saved network", "inspect", "add"),
    "evaluate": ("measure a saved network on the test images", "saved_networks", "add_evaluate"),
    "predict": ("classify your own pictures with a saved network", "saved_networks", "add_predict"),
    "landscape": ("draw the loss around a network, and six optimizers in it", "landscape", "add"),
    "train-cnn": (
        "train a convolutional network and measure its test accuracy",
        "train_cnn",
        "add",
    ),
    "run": (
        "run experiments and write their results; most can be interrupted, and go on later",
        "experiments",
        "add",
    ),
    "tables": ("update the tables of results in a document", "tables", "add"),
    "sweep": ("search for the best configuration", "sweep", "add"),
    "notebooks": ("rebuild the notebooks and run them", "notebooks", "add"),
}
# what torch says, on each kind of device
OUT_OF_MEMORY = re.compile("can't allocate memory|out of memory|ALLOC_FAILED")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    options = argparse.Namespace()
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        options = parse(parser_for(arguments), arguments)
        options.run(options)
        sys.stdout.flush()  # what cannot be written is noticed here, not at exit
    except PlaygroundError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader has left, as `| head` does: there is nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the exit flushes again
        return 2
    except OSError as error:
        print(f"error: {error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except (MemoryError, RuntimeError) as error:  # torch's are RuntimeErrors
        if not isinstance(error, MemoryError) and not OUT_OF_MEMORY.search(str(error)):
            raise
        reason = " ".join(str(error).split())[:200] or "out of memory"
        print(f"error: {reason}; try a smaller network", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        resume = "; --resume resumes after the last epoch" if _has_checkpoint(options) else ""
        print(f"error: interrupted; no file was left incomplete{resume}", file=sys.stderr)
        return 2
    return 0


def _has_checkpoint(options: argparse.Namespace) -> bool:
    path = getattr(options, "checkpoint", None)
    return path is not None and path.exists()


def parser_for(arguments: list[str]) -> PlaygroundParser:
    """The parser, with the options of the command that the arguments begin with."""
    parser = PlaygroundParser(prog="playground", description="Things to try after the assignment.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (line, module, function) in COMMANDS.items():
        command = commands.add_parser(name, help=line, description=f"{line[0].upper()}{line[1:]}.")
        if arguments[:1] == [name]:
            getattr(importlib.import_module(f"playground.commands.{module}"), function)(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
