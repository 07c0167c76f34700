"""Hints for the commonest errors of NumPy, PyTorch and Python itself, by their messages.

The student's own check shows the hint below the error, and the feedback of marking does too. To add
one, add a pattern and its hint to HINTS, and the code that raises it to the tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from assignment.computed_hints import (
    FEWER_AXES,
    Raised,
    attribute_hint,
    batch_hint,
    channels_hint,
    dot_hint,
    dtypes_hint,
    larger_hint,
    layer_hint,
    layer_of_input_hint,
    linear_hint,
    many_hint,
    name_hint,
    norm_hint,
    not_installed_hint,
    product_hint,
    unflattened_hint,
)

Text = str | Callable[[re.Match[str], Raised], str]


def hint_for(type_name: str, message: str, *, source: str = "", script: str = "") -> str:
    """A hint for an exception, "" if none is known; `source` is the student's line that raised it.

    >>> hint_for("TypeError", "forward() takes 1 positional argument but 2 were given")[:45]
    'Python passes the object itself to a method a'
    """
    raised = Raised(type_name, message, source, script)
    for pattern, hint in HINTS:
        found = re.search(pattern, message, re.DOTALL)
        if found:
            text = hint if isinstance(hint, str) else hint(found, raised)
            if text:
                return text
    return ""


_NO_GRAPH = (
    "the loss does not know the weights that it came from. It must be computed from the logits "
    "without .item(), .detach(), .numpy() or no_grad() in between, and gradients must be on "
    "(torch.set_grad_enabled(False) switches them off for everything that follows)."
)


_NOT_IN_MARKING = (
    "this runs when the script is imported, and at marking there is nothing to load then. Move it "
    'below if __name__ == "__main__":, or into a function.'
)

_LAYERS: tuple[tuple[str, Text], ...] = (
    (r"must be Tensor, not [A-Z]\w+|got \([A-Z]\w+,", layer_hint),
    (r"Boolean value of Tensor with more than one value", layer_of_input_hint),
    (r"Linear\.__init__\(\) missing 1 required positional argument: 'out_features'",
     "nn.Linear takes two sizes: how many numbers come in for each image, and how many go out."),
    (r"Conv2d\.__init__\(\) missing \d required positional arguments?: ",
     "nn.Conv2d takes three sizes: the channels that come in, the channels that go out, and the size "
     "of its filters."),
)  # fmt: skip

HINTS: tuple[tuple[str, Text], ...] = (
    *_LAYERS,
    # one value for a whole array
    (r"truth value of an array with more than one element|Boolean value of Tensor with more than",
     many_hint),
    (r"only (?:0-dimensional|length-1|size-1) arrays can be converted|only one element tensors can "
     r"be converted",
     "this takes a single number, and gets an array: NumPy has the same function for whole arrays "
     "(np.exp for math.exp); for one number, sum or average first."),
    (r"only integer scalar arrays can be converted to a scalar index|inhomogeneous shape", larger_hint),
    (r"'(?:numpy\.)?float\d*' object is not iterable|iteration over a 0-d array", FEWER_AXES),
    # products and shapes
    (r"matmul: .*\(size (\d+) is different from (\d+)\)", product_hint),
    (r"shapes \(.*\) and \(.*\) not aligned: (\d+) \(dim \d+\) != (\d+)", dot_hint),
    (r"mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)", linear_hint),
    (r"matmul: Input operand \d does not have enough dimensions",
     "one side of the @ is a single number, or None: print both sides."),
    (r"Expected size for first two dimensions of batch2 tensor to be: \[\d+, (\d+)\] but got: "
     r"\[\d+, (\d+)\]", unflattened_hint),
    (r"operands could not be broadcast together with shapes \((\d+),\d+\) \(\1,\)",
     "one of the two has a row for each image, and the other one number. Does a max or sum along "
     "axis 1 need keepdims=True? Or are these labels? y_true is one-hot, a row of classes for each "
     "image, and is used without argmax or predict."),
    (r"operands could not be broadcast together with shapes|could not broadcast input array|non-broadcastable output|"
     r"The size of tensor a \(\d+\) must match the size of tensor b",
     "these two shapes do not fit for an element-wise +, -, * or /: axes must be equal, or 1, "
     "counted from the last. Is a matrix product (@), a transpose or keepdims=True missing?"),
    (r"cannot reshape array of size|shape '.*' is invalid for input of size",
     "the new shape holds another number of values than the old one. Print the shape before this "
     "line; -1 lets one axis follow from the others."),
    (r"view size is not compatible with input tensor's size and stride",
     "view needs values that lie one after another in memory; reshape or flatten do not."),
    (r"unexpected keyword argument '(?:dim|keepdim|axis|keepdims)'",
     "NumPy says axis and keepdims, PyTorch says dim and keepdim."),
    (r"boolean index did not match",
     "the mask has another shape than the array that it selects from."),
    (r"too many indices for array|too many indices for tensor",
     "this array has fewer axes than the index. Print its shape."),
    (r"tuple index out of range", lambda found, raised:
     FEWER_AXES if "shape" in raised.source else ""),
    (r"arrays used as indices must be of integer",
     "an index is a whole number, and this array holds others. The rows of y_true are one-hot: "
     "argmax(axis=1) gives the labels, or multiply by y_true instead of choosing by an index."),
    (r"axis \d+ is out of bounds for array of dimension|Dimension out of range",
     "there is no such axis: the array has fewer. Was an axis lost before, by a squeeze, a sum or "
     "an index, or is there only one image?"),
    (r"index \d+ is out of bounds for axis|Target \d+ is out of bounds",
     "the index is as large as the axis or larger; the ten classes are 0 to 9, and the last layer "
     "needs one output for each."),
    # convolutions and normalisation
    (r"expected input\[[\d, ]+\] to have (\d+) channels, but got (\d+) channels", channels_hint),
    (r"Expected 3D \(unbatched\) or 4D \(batched\) input to conv2d, but got input of size",
     "a convolution needs images (n, channels, height, width), and gets rows: flatten after the "
     "convolutions, not before."),
    (r"running_mean should contain (\d+) elements not (\d+)", norm_hint),
    (r"expected 4D input \(got 2D input\)",
     "BatchNorm2d belongs between convolutions; after flatten it is BatchNorm1d."),
    (r"expected 2D or 3D input \(got 4D input\)",
     "BatchNorm1d belongs after flatten; between convolutions it is BatchNorm2d."),
    (r"Kernel size can't be greater than actual input size|Output size is too small",
     "the feature maps are smaller than the filter by now: 28 x 28 can be halved four times. Use "
     "fewer poolings, or padding."),
    (r"Expected more than 1 value per channel when training",
     "batch normalisation cannot learn from one image. In predict, switch to evaluation mode "
     "first."),
    # losses
    (r"Expected input batch_size \((\d+)\) to match target batch_size \((\d+)\)", batch_hint),
    (r"only batches of spatial targets supported",
     "the logits still have height and width: flatten the feature maps, and end with one logit for "
     "each of the 10 classes."),
    (r"Expected floating point type for target with class probabilities",
     "the labels are one-hot rows of whole numbers here. Cross-entropy takes the labels as they are, "
     "one whole number for each image: y_batch."),
    (r"expected scalar type Long but found|expected target dtype to be|"
     r"not implemented for '(?:Long|Int|Float|Double|Short)'",
     "cross-entropy takes logits (n, 10) in float32 and labels (n,) in int64: are the two swapped, "
     "or was one of them converted?"),
    (r"0D or 1D target tensor expected|Target size \(.*\) must be the same as input size",
     "the labels of this batch have shape (n,), one whole number for each image, and cross-entropy "
     "takes them as they are: no extra axis, no one-hot rows."),
    (r"[Ff]ound dtype (\w+) but expected (\w+)", dtypes_hint),
    (r"expected m1 and m2 to have the same dtype, but got: (\w+) != (\w+)", dtypes_hint),
    (r"must have the same dtype, but got (\w+) and (\w+)", dtypes_hint),
    (r"Input type \(([\w. ]+)\) and (?:bias|weight) type \(([\w. ]+)\) should be the same", dtypes_hint),
    (r"expected scalar type (\w+) but found (\w+)", dtypes_hint),
    (r"result type (\w+) can't be cast to the desired output type (\w+)", dtypes_hint),
    (r"Only Tensors of floating point and complex dtype can require gradients|"
     r"mean\(\): could not infer output dtype",
     "this needs floating-point numbers: convert with .float() first."),
    (r"Cannot cast ufunc '?\w+'? output from dtype",
     "an operation such as -= keeps the dtype of the left side, and whole numbers cannot hold the "
     "result: make a new array instead."),
    # gradients
    (r"does not require grad and does not have a grad_fn", _NO_GRAPH),
    (r"grad can be implicitly created only for scalar outputs",
     "backward() starts at one number: take the mean of the losses."),
    (r"Trying to backward through the graph a second time",
     "backward() runs once for each forward pass: compute the loss anew in every step, and keep "
     "no loss from step to step."),
    (r"Can't call numpy\(\) on Tensor that requires grad",
     "the tensor records gradients: compute under torch.no_grad(), or detach it first."),
    (r"modified by an inplace operation|leaf Variable that requires grad is being used in an",
     "a tensor that backward() still needs was changed in place, by += or a function that ends "
     "in _: make a new tensor instead."),
    (r"optimizer got an empty parameter list",
     "the network has no parameters that PyTorch finds: layers must be attributes of self, in "
     "nn.Sequential or in nn.ModuleList."),
    # classes, names and calls
    (r"(?:module|parameters?) before Module\.__init__\(\) call",
     "super().__init__() must be the first line of __init__."),
    (r'missing the required "forward" function',
     "the class defines no forward: compare the spelling, and the indentation inside the class."),
    (r"\w\(\) takes (?:\d|from \d to \d) "
     r"positional arguments? but \d (?:was|were) given",
     "Python passes the object itself to a method as its first argument: is self missing in the "
     "parameters of the def, or one argument too many in the call?"),
    (r"missing \d required positional arguments?: 'self'|missing 1 required positional argument: "
     r"'(?:X|X_batch)'",
     "a method was called on the class instead of on an object, or with an argument too few."),
    (r"'type' object does not support the context manager protocol",
     "after with stands a class that is not called: parentheses are missing, for example "
     "torch.no_grad()."),
    (r"name '(\w+)' is not defined", name_hint),
    (r"cannot access local variable|referenced before assignment",
     "the function sets this name later, or only in some cases; until then it has no value."),
    (r"'(?:float|int|ndarray)' object has no attribute '(?:backward|item)'",
     "the loss is no tensor any more: call .item() on it only after backward()."),
    (r"'(\w+)' object has no attribute '(\w+)'", attribute_hint),
    (r"'NoneType' object|not 'NoneType'|not NoneType|NoneType' and '|and 'NoneType'|NoneType which",
     "something is None here: is a return statement missing in the function that should have "
     "computed it, or was it never set?"),
    (r"must be Tensor, not (?:numpy\.ndarray|float|int|list|tuple)",
     "PyTorch's functions take tensors; keep the data in tensors all the way."),
    (r"maximum recursion depth exceeded",
     "the function calls itself without end: self(X) in forward calls forward again."),
    (r"all tensors to be on the same device",
     "a tensor was made on another device than the network: make it with device=X.device."),
    # at import
    (r"No module named '(?!assignment|utils)(\w+)", not_installed_hint),
    (r"No module named 'assignment|cannot import name '\w+' from 'assignment'", _NOT_IN_MARKING),
)  # fmt: skip
