"""The run that the three scripts share: check the sections, then train, test and plot."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np

from assignment.checklist import fingerprint_of
from assignment.console import marks
from assignment.data import DATA_VARIABLE, DataError
from assignment.foreign_imports import import_findings
from assignment.parts import PARTS, Part
from assignment.section_checks import Outcome, describe_error, run_checks
from utils import (
    History,
    Splits,
    choose_device,
    load_fashion_mnist,
    plot_history,
    seed_everything,
)


def run_part(name: str, module: ModuleType, arguments: list[str] | None = None) -> int:
    """The exit status of a script, after checking its sections, training, testing and plotting.

    0: every section is written and the bar is met; 1: not yet; 2: no data, or no such device.
    """
    part = PARTS[name]
    options = _parse_options(part, module, arguments)
    try:
        print(f"{part.title}\n\nSection checks")
        outcomes = print_checks(part, module, verbose=options.verbose)
        again = f"run python {name}.py" if hasattr(module, "__file__") else "run the last cell"
        problems = _say_imports(name, module)
        open_outcomes = [outcome for outcome in outcomes if outcome.status != "passed"]
        if any(not outcome.check.after_training for outcome in open_outcomes):
            print(f"\nNext: {_task(open_outcomes[0])}, then {again} again.")
            return 1
        if problems:
            print(f"\nNext: remove the import, then {again} again.")
            return 1
        judged = not open_outcomes
        if options.check and not judged:
            print(
                f"\nNext: {again} without --check, look at the curves, then {_task(outcomes[-1])}."
            )
            return 1
        if options.check:
            print("\nPublic checks passed. Marking uses more inputs, and different ones.")
            return 0
        try:
            device = "cpu" if name == "numpy_ann" else choose_device(options.device)
            data = load_fashion_mnist(
                options.data_dir,
                train_size=options.train_size,
                one_hot=name == "numpy_ann",
                flat=part.image_shape == (784,),
            )
        except (DataError, ValueError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        bar_met = _train_and_test(part, module, options, data, device)
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    if not bar_met:
        return 1
    if not judged:
        judge = f"set JUDGEMENT ({outcomes[-1].check.number})"
        print(f"Next: read the curves in {part.plot_file}, {judge}, then {part.next_step}.")
        return 1
    print(f"Next: {part.next_step}.")
    return 0


def print_checks(part: Part, module: ModuleType, *, verbose: bool = False) -> list[Outcome]:
    """The outcomes of the checks, each printed as it ends, with details of those that failed."""
    good, bad, none = marks()
    shown = {"passed": good, "failed": bad}
    outcomes = []
    for outcome in run_checks(part, module, verbose=verbose):
        mark, check = shown.get(outcome.status, none), outcome.check
        print(f"  {mark} {check.number} {check.title:<24} {outcome.remark}".rstrip())
        if outcome.status == "failed":
            print("\n".join(f"      {line}" for line in outcome.lines))
        outcomes.append(outcome)
    return outcomes


def _say_imports(name: str, module: ModuleType) -> bool:
    """Print what marking says of the script's imports; returns whether one is forbidden."""
    path = Path(getattr(module, "__file__", None) or "")
    if not path.is_file():  # a notebook, which the checklist reads
        return False
    findings = import_findings(name, path.name, path.read_bytes())
    for line in findings.problems:
        print(f"  {marks()[1]} {line}")
    for line in findings.remarks:
        print(f"  {marks()[2]} {line}")
    return bool(findings.problems)


def _task(outcome: Outcome) -> str:
    """What to do about a section that is not right yet."""
    verb = "write" if outcome.status == "not written" else "fix"
    return f"{verb} {outcome.check.number} {outcome.check.title}"


def _parse_options(
    part: Part, module: ModuleType, arguments: list[str] | None
) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"{part.name}.py", description=f"{part.title}: check, train, test, plot."
    )
    for constant in ("EPOCHS", "BATCH_SIZE", "LEARNING_RATE"):
        if not hasattr(module, constant):
            parser.error(
                f"{constant} is not defined at the top of {part.name}.py, expected a number"
            )
    parser.add_argument("--check", action="store_true", help="check the sections without training")
    parser.add_argument(
        "--epochs",
        type=_positive(int),
        default=module.EPOCHS,
        metavar="N",
        help="passes over the training images (default: %(default)s)",
    )
    parser.add_argument(
        "--batch-size",
        type=_positive(int),
        default=module.BATCH_SIZE,
        metavar="N",
        help="images per step (default: %(default)s)",
    )
    parser.add_argument(
        "--learning-rate",
        type=_positive(float),
        default=module.LEARNING_RATE,
        metavar="X",
        help="length of a step (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=_seed,
        default=0,
        metavar="N",
        help="for the initial weights and the shuffling (default: 0)",
    )
    parser.add_argument(
        "--train-size",
        type=_positive(int),
        metavar="N",
        help="train on fewer images for a quick try (default: 54000)",
    )
    parser.add_argument(
        "--device",
        default="auto",
        help="auto, cpu, cuda or mps (default: auto; part 1 always uses the CPU)",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help=f"the folder that holds FashionMNIST/raw (default: ${DATA_VARIABLE}, else data/)",
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="show every line that led to an error, not only those of your code",
    )
    return parser.parse_args(arguments)


def _seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative, expected 0 or more")
    return value


def _positive(kind: type[int] | type[float]) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"{text} is not positive, expected a number above 0")
        return value

    parse.__name__ = f"positive {kind.__name__}"
    return parse


def _train_and_test(
    part: Part, module: ModuleType, options: argparse.Namespace, data: Splits, device: str
) -> bool:
    """Train, test and plot one script; prints the results and returns whether the bar is met."""
    print(f"\nTraining on {len(data.X_train):,} images, {device}")
    seed_everything(options.seed)
    started = time.perf_counter()
    try:
        history, predict = _fit(part, module, options, data, device)
        seconds = time.perf_counter() - started
        labels = predict()
    except (Exception, SystemExit) as error:
        print(
            f"\nTraining stopped with an error:\n{describe_error(error, verbose=options.verbose)}"
        )
        return False
    losses = [*history.train_losses, *history.val_losses]
    if not losses or not np.isfinite(losses).all():
        print(
            "\nThe loss is not finite: training diverged. Hint: try a smaller LEARNING_RATE first."
        )
        return False
    expected = data.y_test.shape[:1]
    if labels.shape != expected:
        images = len(data.X_test)
        print(f"\npredict returned shape {labels.shape} for {images} images, expected {expected}.")
        return False
    y_test = data.y_test if data.y_test.ndim == 1 else data.y_test.argmax(axis=1)
    accuracy = float(np.mean(labels == y_test))
    bar_met = accuracy >= part.bar
    print(f"\nTrained in {seconds:.1f} s")
    print(
        f"Test accuracy {accuracy:.2%}, bar {part.bar:.0%}: {'met' if bar_met else 'not met yet'}"
    )
    try:
        plot_history(
            history,
            part.plot_file,
            title=f"{part.class_name}: learning curves",
            bar=part.bar,
            script=part.name,
            fingerprint=fingerprint_of(module),
        )
    except OSError as error:
        print(f"error: {part.plot_file} cannot be written here ({error.strerror})", file=sys.stderr)
        return False
    print(f"Learning curves: {part.plot_file}")
    if accuracy < 0.2:
        print("Hint: this is little better than guessing. Try a much smaller LEARNING_RATE first.")
    elif not bar_met:
        print("Hint: compare the two loss curves (README.md, Reading learning curves),")
        print("then try more epochs or another LEARNING_RATE.")
    return bar_met


def _fit(
    part: Part, module: ModuleType, options: argparse.Namespace, data: Splits, device: str
) -> tuple[History, Callable[[], np.ndarray]]:
    """The learning curves, and a function that predicts the test labels."""
    model = getattr(module, part.class_name)(seed=options.seed)
    settings = {"epochs": options.epochs, "batch_size": options.batch_size}
    if part.name == "numpy_ann":
        history = model.fit(*data[:4], **settings, learning_rate=options.learning_rate)
        return history, lambda: np.asarray(model.predict(data.X_test))
    import torch

    # configure_optimizer reads it there
    module.LEARNING_RATE = options.learning_rate  # type: ignore[attr-defined]
    history = model.fit(*(torch.from_numpy(array) for array in data[:4]), **settings, device=device)
    blocks = torch.from_numpy(data.X_test).to(device).split(1000)
    return history, lambda: np.concatenate(
        [torch.as_tensor(model.predict(block)).cpu().numpy() for block in blocks]
    )
