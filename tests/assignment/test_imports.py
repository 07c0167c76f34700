"""The one rule for imports: what is left out, what fails as if not installed, what is forbidden."""

import ast
import time

import pytest

from assignment.foreign_imports import import_findings
from assignment.imports import Rule, prepare
from assignment.parts import PARTS, import_rule

RULE = Rule(("numpy", "utils"), ("subprocess", "socket"), ("relu", "NumpyANN", "EPOCHS"))
BOOK = Rule(RULE.allowed, RULE.forbidden, RULE.needed, notebook=True)


def kept(source: str, rule: Rule = RULE) -> list[str]:
    """The lines that are not left out."""
    prepared = prepare(source, rule)
    assert prepared.forbidden == ()
    assert prepared.source.count("\n") == source.count("\n")  # line numbers stay
    ast.parse(prepared.source)
    lines = [line.strip() for line in prepared.source.split("\n")]
    return [line for line in lines if line not in ("", "pass", ")", "pass; (None")]


@pytest.mark.parametrize(("source", "left"), [
    ("import torch\nimport numpy as np", ["import numpy as np"]),
    ("import torch, numpy as np; x = np", ["import numpy as np; x = np"]),
    ("from torch.nn import (\n    Linear,\n    ReLU,\n); x = 1", ["pass; (None", "); x = 1"]),
    ("if 1:\n    import torch\nx = 1", ["if 1:", "x = 1"]),
    ("import pandas as pd\ndef f(pd):\n    return pd.x", ["def f(pd):", "return pd.x"]),
    ("import torch\ndef f():\n    torch = 1\n    return torch", ["def f():", "torch = 1", "return torch"]),
    ("def f():\n    import scipy\n    return 1", ["def f():", "return 1"]),
    ("import subprocess\nimport os", ["import os"]),
    ("'é'; import torch; x = 1", ["'é'; pass; x = 1"]),
    ("from __future__ import annotations\nimport torch\ndef f(x: torch.Tensor): ...",
     ["from __future__ import annotations", "def f(x: torch.Tensor): ..."]),
])  # fmt: skip
def test_an_unused_import_is_left_out_and_said(source: str, left: list[str]) -> None:
    assert [line for line in kept(source) if line not in ("pass; (None",)] == [
        line for line in left if line != "pass; (None"
    ]
    (remark,) = prepare(source, RULE).remarks
    assert "not used: it is left out" in remark


@pytest.mark.parametrize("source", [
    "import torch\nx = torch.ones(1)", "from torch import nn\nclass A(nn.Module): ...",
    "import scipy.special as s\ndef f(z):\n    return s.expit(z)", "from torch import *",
    "def f():\n    import scipy\n    return scipy", "import subprocess\nsubprocess.run('ls')",
    "import torch\ndef f(torch=torch): ...", "import torch\n[torch for _ in '1']",
    "import pandas as pd\npd.DataFrame()", "class A:\n    import torch\n    x = torch",
    "try:\n    import torch\nexcept ValueError:\n    torch = None\nx = torch",
    "try:\n    x = 1\nexcept ImportError:\n    import torch\n    torch.x",
    "try:\n    def f():\n        import torch\n        return torch\nexcept ImportError:\n    pass",
])  # fmt: skip
def test_a_used_import_is_forbidden_with_its_line(source: str) -> None:
    prepared = prepare(source, RULE)
    assert len(prepared.forbidden) == 1
    module, line = prepared.forbidden[0]
    assert module.partition(".")[0] in source.split("\n")[line - 1]


@pytest.mark.parametrize("handler", [
    "except ImportError:", "except ModuleNotFoundError:", "except (OSError, ImportError) as error:",
    "except Exception:", "except:",
])  # fmt: skip
@pytest.mark.parametrize("module", ["cupy", "subprocess", "google.colab", "urllib.request"])
def test_an_import_in_a_try_fails_as_if_not_installed(module: str, handler: str) -> None:
    rule = Rule(RULE.allowed, ("subprocess", "urllib"))
    source = f"try:\n    import os, {module} as m\n    ok = True\n{handler}\n    ok = m = os\n"
    space: dict[str, object] = {}
    prepared = prepare(source + "ok and m", rule)
    exec(prepared.source, space)
    assert space["ok"] is space["os"]
    assert prepared.forbidden == ()
    assert len(prepared.remarks) == 1


def test_suppress_is_a_try_too() -> None:
    source = (
        "import contextlib\nwith contextlib.suppress(ImportError):\n    import torch\n    x = torch"
    )
    space: dict[str, object] = {}
    exec(prepare(source, RULE).source, space)
    assert "x" not in space


@pytest.mark.parametrize(("source", "left"), [
    ("from google.colab import drive\ndrive.mount('/content/drive')\nx = 1", ["x = 1"]),
    ("import google.colab as c\nup = c.files.upload()\nfor n in up:\n    print(n)\nx = 1", ["x = 1"]),
    ("import os\nos.chdir('/content/drive/MyDrive')", ["import os"]),
    ("import sys\nif 'google.colab' in sys.modules:\n    from google.colab import files\n"
     "    files.download('a.png')", ["import sys", "if 'google.colab' in sys.modules:"]),
    ("get_ipython().system('pip install torch')\nx = 1", ["x = 1"]),
    ("IN = 'colab' in str(get_ipython())\nif IN:\n    from google.colab import drive", ["IN = False", "if IN:"]),
    ("from google.colab import drive\nif 1: drive.mount('/x'); x = 1", ["if 1: pass; x = 1"]),
    ("from google.colab import files\nimport os as files\nfiles.getcwd()",
     ["import os as files", "files.getcwd()"]),
    ("def relu(z): return z\ndef save():\n    from google.colab import files\n    files.x()\n",
     ["def relu(z): return z", "def save():", "from google.colab import files", "files.x()"]),
])  # fmt: skip
def test_colabs_left_overs_cost_nothing(source: str, left: list[str]) -> None:
    assert kept(source) == left
    assert kept(source, BOOK) == left


def test_scratch_cells_of_a_notebook_go_with_their_import() -> None:
    source = (
        "import pandas as pd\nframe = pd.DataFrame()\nframe.head()\ndef show():\n    sns.plot()\n"
        "import seaborn as sns\nshow()\nfor i in frame:\n    print(i)\nx = 1\ndisplay(frame)\n"
    )
    assert kept(source, BOOK) == ["x = 1"]
    assert prepare(source, RULE).forbidden == (("pandas", 1), ("seaborn", 6))


@pytest.mark.parametrize("source", [
    "import pandas as pd\nEPOCHS = pd.x", "import pandas as pd\nn = pd.x\nEPOCHS = n",
    "import torch\ndef helper(z): return torch.relu(z)\ndef relu(z): return helper(z)",
    "def helper(z):\n    import torch\n    return torch.relu(z)\ndef relu(z): return helper(z)",
    "import torch\nclass NumpyANN: ...\nNumpyANN.f = torch.relu",
    "def relu(z): return torch.relu(z)\nimport torch",
])  # fmt: skip
def test_what_a_section_needs_is_no_scratch_cell(source: str) -> None:
    assert len(prepare(source, BOOK).forbidden) == 1


def test_the_allowed_packages_of_the_three_parts() -> None:
    for name in PARTS:
        rule = import_rule(name)
        for module in ("utils", "os.path", "numpy", "matplotlib.pyplot", "tqdm.auto", "json"):
            assert rule.allows(module), (name, module)
        for module in ("subprocess", "socket", "ctypes", "urllib.request", "pandas", "sklearn"):
            assert not rule.allows(module), (name, module)
        assert rule.allows("torch") == rule.allows("torchvision") == (name != "numpy_ann")


@pytest.mark.parametrize("source", [
    "x = (" * 5000, "x = '\0'", "-" * 100_000 + "1", "1" + "+1" * 90_000, "9" * 190_000, "def (",
    "f'{" * 100,
])  # fmt: skip
def test_code_that_cannot_be_parsed_is_a_syntax_error(source: str) -> None:
    with pytest.raises(SyntaxError):
        prepare(source, RULE)


@pytest.mark.exhaustive
@pytest.mark.parametrize("source", [
    "import torch\nx = 1\n" * 5_000, "import torch as a\na = a\n" * 2_000, "a.b\n" * 40_000,
    "".join(f"a{i} = a{i + 1}\n" for i in range(10_000)), "import " + "a," * 60_000 + "b",
])  # fmt: skip
def test_long_scripts_take_seconds_at_most(source: str) -> None:
    started = time.process_time()
    prepare(source, BOOK)
    assert time.process_time() - started < 15


def test_a_student_reads_what_where_and_what_to_do() -> None:
    source = b"import torch\nimport pandas as pd\nx = pd.DataFrame()\n"
    found = import_findings("numpy_ann", "numpy_ann.py", source)
    assert found.problems == (
        "numpy_ann.py, line 2: pandas may not be imported, only numpy, utils, matplotlib, tqdm and "
        "the standard library without processes, network and ctypes. "
        "Remove it: with it, no section of the script is marked.",
    )
    assert found.remarks == (
        "numpy_ann.py, line 1: the import of torch is not allowed, and not used: it is left out.",
    )
