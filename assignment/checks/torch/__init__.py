"""What parts 2 and 3 ask: the same of both networks, which differ only in class and image shape.

Everything is judged by behaviour, on random images, and never by how well an architecture learns.
"""

from assignment.checks.torch.forward import check_forward
from assignment.checks.torch.layers import check_layers
from assignment.checks.torch.predict import check_predict
from assignment.checks.torch.step import check_training_step

__all__ = ["check_forward", "check_layers", "check_predict", "check_training_step"]
