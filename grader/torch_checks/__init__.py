"""What parts 2 and 3 are asked: the same of both networks, which differ in their class and in the shape of an image.

Everything is judged by behaviour, on images drawn anew for every marking; float32 answers may differ by rounding.
"""

from grader.torch_checks.curves import check_judgement, check_plot
from grader.torch_checks.forward import check_forward
from grader.torch_checks.layers import check_layers
from grader.torch_checks.predict import check_predict
from grader.torch_checks.step import check_training_step

__all__ = ["check_forward", "check_judgement", "check_layers", "check_plot", "check_predict", "check_training_step"]
