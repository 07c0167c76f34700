"""What parts 2 and 3 ask: the same of both networks, which differ only in class and image shape.

Everything is judged by behaviour, on random images, different in every marking. float32 answers may
differ by rounding.
"""

from grader.checks.torch.curves import check_judgement, check_plot
from grader.checks.torch.forward import check_forward
from grader.checks.torch.layers import check_layers
from grader.checks.torch.predict import check_predict
from grader.checks.torch.step import check_training_step

__all__ = [
    "check_forward",
    "check_judgement",
    "check_layers",
    "check_plot",
    "check_predict",
    "check_training_step",
]
