"""Which quantity of the chain rule does this line compute, and which line computes it?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assignment.questions.drafting import Choice, Draft
from assignment.questions.script import Step
from assignment.questions.small_network import Batch, different_sizes, random_batch
from grader.oracle.gradients import Point
from grader.oracle.networks import reference_at
from grader.questions.renaming import renamed
from grader.questions.subject import Subject
from grader.reference.numpy_ann import relu_derivative

# what a line may compute; L is the loss
NAMES = {
    "z1": "z1, the hidden units' values before ReLU",
    "a1": "a1, the hidden units' values after ReLU",
    "z2": "z2, the logits",
    "a2": "a2, the probabilities",
    "slope": "the slope of ReLU at z1",
    "dz2": "∂L/∂z2",
    "da1": "∂L/∂a1",
    "dz1": "∂L/∂z1",
    "W1": "∂L/∂W1",
    "b1": "∂L/∂b1",
    "W2": "∂L/∂W2",
    "b2": "∂L/∂b2",
}
# what is mistaken for what, and by whom
MISTAKEN = {
    ("dz1", "da1"): ("the slope of ReLU had not been multiplied in yet", "backward-no-relu-gate"),
    ("da1", "dz1"): ("the slope of ReLU were already multiplied in", "backward-no-relu-gate"),
    ("a1", "z1"): ("ReLU came only later", "forward-no-relu"),
    ("z1", "a1"): ("ReLU had been applied already", "forward-no-relu"),
    ("z2", "a2"): ("softmax had been applied already", "forward-no-softmax"),
    ("a2", "z2"): ("softmax came only later", "forward-returns-logits"),
    ("b1", "dz1"): ("the line did not add up the images", "backward-bias-not-summed"),
    ("dz1", "b1"): ("the line added up the images", "backward-bias-not-summed"),
    ("b2", "dz2"): ("the line did not add up the images", "backward-bias-not-summed"),
    ("dz2", "b2"): ("the line added up the images", "backward-bias-not-summed"),
}


# what lines of one pass compute: each is a wrong option for the others
GROUPS = (("dz2", "da1", "dz1", "W1", "b1", "W2", "b2"), ("z1", "a1", "z2", "a2"))


def meaning(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question for each line whose array is one of the quantities."""
    for name, step in _recognised(subject, rng):
        yield Draft(
            text=f"Here is one of your functions with its variables renamed. What does its line "
            f"{step.statement.line} compute?",
            key=NAMES[name],
            others=tuple(_others(name)),
            why=f"The line was run on a random batch: its values are those of {NAMES[name]}"
            f"{_scale(name)}.",
            code=renamed(subject, step.statement.function),
            evidence={"how": "the line's values were compared with all quantities", "is": name},
        )


def line(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """Four lines of one function: which computes a quantity?"""
    found = _recognised(subject, rng)
    for name, step in found:
        function = step.statement.function
        lines = {s.statement.line: n for n, s in found if s.statement.function == function}
        others = [s.line for s in subject.statements if s.function == function and s.targets]
        yield Draft(
            text="Here is one of your functions with its variables renamed. Which of these lines "
            f"computes {NAMES[name]}?",
            key=f"line {step.statement.line}",
            others=tuple(_line(number, name, lines.get(number, "")) for number in others),
            why=f"The lines were run on a random batch: line {step.statement.line} has the values "
            f"of {NAMES[name]}{_scale(name)}.",
            code=renamed(subject, function),
            evidence={"how": "the lines' values were compared with the quantity", "is": name},
            balance=name,
        )


def _line(number: int, name: str, computes: str) -> Choice:
    """An option of `line`; `computes` is what that line does compute, "" if it is none of these."""
    if not computes:
        return Choice(f"line {number}", f"line {number} computed it")
    id = MISTAKEN.get((name, computes), ("", ""))[1]  # noqa: A001
    return Choice(f"line {number}", f"the question were about {NAMES[computes]}", id)


def _recognised(subject: Subject, rng: np.random.Generator) -> list[tuple[str, Step]]:
    """The lines that compute one of the quantities, each in no other line, in their order.

    Only those that assign it to a variable, whose name can be changed.
    """
    batch = random_batch(different_sizes(rng), rng)
    right = _quantities(batch)
    found = [
        (name, step)
        for step in batch.steps(subject)
        for name, value in right.items()
        if _is(step.value, value, batch.sizes.n)
    ]
    lines: dict[str, set[int]] = {}
    for name, step in found:
        lines.setdefault(name, set()).add(step.statement.line)
    return [
        (name, step)
        for name, step in found
        if len(lines[name]) == 1 and step.stands_alone and not step.target.startswith("self.")
    ]


def _quantities(batch: Batch) -> dict[str, np.ndarray]:
    """All quantities of the sum convention, by the reference."""
    net = reference_at(Point(**batch.parameters, X=batch.X, Y=batch.Y), batch.X)
    dz2 = net.a2 - batch.Y
    da1 = dz2 @ net.W2.T
    slope = relu_derivative(net.z1)
    return {
        **{name: getattr(net, name) for name in ("z1", "a1", "z2", "a2")},
        "slope": slope,
        "dz2": dz2,
        "da1": da1,
        "dz1": da1 * slope,
        **net.backward(batch.X, batch.Y),
    }


def _is(value: np.ndarray, right: np.ndarray, n: int) -> bool:
    """Whether an array holds a quantity, of the sum or of the mean over images."""
    if value.size != right.size:
        return False
    value = np.reshape(value, right.shape).astype(float)
    return np.allclose(value, right, 1e-4, 1e-6) or np.allclose(n * value, right, 1e-4, 1e-6)


def _others(name: str) -> Iterator[Choice]:
    for other in next((group for group in GROUPS if name in group), ()):
        belief, id = MISTAKEN.get((name, other), ("", ""))  # noqa: A001
        yield Choice(NAMES[other], belief or f"the line computed {NAMES[other]}", id)


def _scale(name: str) -> str:
    return (
        "" if name in ("z1", "a1", "z2", "a2", "slope") else ", up to the convention for the batch"
    )
