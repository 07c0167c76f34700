"""What a script leaves behind in its process does not make given code raise."""

import numpy as np
import pytest

from tests.sandbox.support import started, student_with
from tests.support import mark_here, script_with, write_submission


@pytest.fixture(autouse=True)
def leaves_nothing_behind():
    yield
    while started:
        started.pop().close()


LEFT = {
    "seterr": 'np.seterr(all="raise")',
    "seterr in a call": "",
    "call": 'np.seterrcall(lambda *_: 1 / 0)\nnp.seterr(all="call")',
    "warnings": 'import warnings\nwarnings.simplefilter("error")',
    "warnings filtered": 'import warnings\nwarnings.filterwarnings("error", category=RuntimeWarning)',
}


@pytest.mark.parametrize("what", LEFT)
def test_given_softmax_still_underflows(what: str) -> None:
    student = student_with(
        f"import numpy as np\n{LEFT[what]}\n"
        'def relu(z):\n    np.seterr(all="raise")\n    return z\n'
        "def softmax(z):\n    shifted = np.exp(z - z.max(axis=1, keepdims=True))\n"
        "    return shifted / shifted.sum(axis=1, keepdims=True) + 0 * np.exp(1000.0)\n"
    )
    try:
        student.module.relu(np.ones(2))
        assert student.module.softmax(np.array([[0.0, -1e4]])).shape == (1, 2)
    finally:
        student.close()


def test_a_whole_script_that_raises_on_underflow_keeps_its_points(tmp_path) -> None:
    source = script_with("numpy_ann", {}).replace(
        "import numpy as np\n", 'import numpy as np\n\nnp.seterr(all="raise")\n', 1
    )
    work = write_submission(tmp_path / "work", numpy_ann=source)
    results = mark_here(work, ["1.2", "1.3", "1.4", "1.5", "1.6"])
    assert {str(result.status) for result in results.values()} == {"passed"}
