"""Three functions, ten submissions and their expected verdicts, the same for every grader."""

from __future__ import annotations

from dataclasses import dataclass

# by the number of our section
FUNCTIONS = {"1.2": "relu", "1.3": "relu_derivative", "1.4": "cross_entropy"}
IMPORT = "import numpy as np"

Verdict = tuple[bool, bool, bool]  # whether each of the three functions is right


@dataclass(frozen=True)
class PeerSubmission:
    """The code of the three functions, and which of them are right."""

    relu: str
    relu_derivative: str
    cross_entropy: str
    verdict: Verdict = (True, True, True)

    @property
    def functions(self) -> tuple[str, str, str]:
        """The functions in the order of the sections."""
        return self.relu, self.relu_derivative, self.cross_entropy

    @property
    def script(self) -> str:
        """The functions as one module."""
        return "\n\n\n".join((IMPORT, *self.functions)) + "\n"


def _relu(body: str) -> str:
    return _function("relu(z)", body)


def _derivative(body: str) -> str:
    return _function("relu_derivative(z)", body)


def _loss(body: str) -> str:
    return _function("cross_entropy(y_true, y_pred)", body)


def _function(head: str, body: str) -> str:
    return "\n    ".join((f"def {head}:", *body.split("; ")))


MAXIMUM, STEP = _relu("return np.maximum(z, 0)"), _derivative("return (z > 0).astype(z.dtype)")
MEAN = _loss("return -np.mean(np.sum(y_true * np.log(y_pred + 1e-12), axis=1))")
TODO = "raise NotImplementedError('TODO')"

# About half are right, as in a real class; the mistakes are common ones.
SUBMISSIONS = {
    "right": PeerSubmission(MAXIMUM, STEP, MEAN),
    "right-where": PeerSubmission(
        _relu("return np.where(z > 0, z, 0.0)"),
        _derivative("return np.where(z > 0, 1.0, 0.0)"),
        _loss(
            "p = np.clip(y_pred, 1e-12, None); "
            "return float(-(y_true * np.log(p)).sum() / len(y_true))"
        ),
    ),
    "right-copies": PeerSubmission(
        _relu("out = z.copy(); out[out < 0] = 0; return out"),
        _derivative("out = np.zeros_like(z); out[z > 0] = 1; return out"),
        _loss(
            "p = y_pred[np.arange(len(y_true)), y_true.argmax(axis=1)]; "
            "return -np.log(p + 1e-9).mean()"
        ),
    ),
    "right-products": PeerSubmission(
        _relu("return z * (z > 0)"), _derivative("return 1.0 * (z > 0)"), MEAN
    ),
    "stub": PeerSubmission(_relu(TODO), _derivative(TODO), _loss(TODO), (False, False, False)),
    "in-place": PeerSubmission(_relu("z[z < 0] = 0; return z"), STEP, MEAN, (False, True, True)),
    "slope-at-zero": PeerSubmission(
        MAXIMUM, _derivative("return np.where(z >= 0, 1.0, 0.0)"), MEAN, (True, False, True)
    ),
    "loss-summed": PeerSubmission(
        MAXIMUM, STEP, _loss("return -np.sum(y_true * np.log(y_pred + 1e-12))"), (True, True, False)
    ),
    "log-of-zero": PeerSubmission(
        MAXIMUM,
        STEP,
        _loss("return -np.mean(np.sum(y_true * np.log(y_pred), axis=1))"),
        (True, True, False),
    ),
    "all-wrong": PeerSubmission(
        _relu("return np.abs(z)"),
        _derivative("return np.where(z > 0, z, 0.0)"),
        _loss("return np.mean(np.sum(y_true * np.log(y_pred + 1e-12), axis=1))"),
        (False, False, False),
    ),
}
