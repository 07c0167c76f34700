"""Where in a script a cheat strikes: code that is added to a script and calls `_attack`.

A trigger's script is the reference solution, either as it is (`right`) or with wrong answers in
place of what the sections ask. NUMBER stands for how many calls a trigger waits.
"""

from __future__ import annotations

from dataclasses import dataclass

PART_1, PART_2 = ("1.2", "1.3", "1.4"), ("2.1", "2.2", "2.3", "2.4")
NETWORK = ("1.2", "1.5", "1.6")
# answers that earn nothing in the sections that are not about the layers
WRONG = {
    "numpy_ann": """
relu = relu_derivative = cross_entropy = lambda *arguments: 0
NumpyANN.forward = NumpyANN.backward = lambda self, *arguments: 0
""",
    "pytorch_ann": """
PyTorchANN.training_step = lambda self, X_batch, y_batch, optimizer: 2.3
PyTorchANN.predict = lambda self, X: self(X)
""",
}


@dataclass(frozen=True)
class Trigger:
    """The code that calls `_attack`, the sections to mark, and whether the script's answers are
    right where the trigger leaves them alone.
    """

    group: str
    name: str
    code: str
    sections: tuple[str, ...] = PART_1
    script: str = "numpy_ann"
    right: bool = False
    training: bool = False


def _numpy_direct() -> list[Trigger]:
    everywhere = """
relu = relu_derivative = cross_entropy = _attack
NumpyANN.forward = NumpyANN.backward = lambda self, X, *arguments: _attack(X)
"""
    return [
        Trigger("direct", "every function", everywhere),
        Trigger("direct", "import and every function", f"{everywhere}\n_quiet()\n"),
        Trigger("direct", "network functions", everywhere, NETWORK),
    ]


def _torch(
    group: str, name: str, code: str, sections: tuple[str, ...] = PART_2, *, right: bool = False
) -> Trigger:
    return Trigger(
        group, name, code, sections, "pytorch_ann", right=right, training="2.6" in sections
    )


# --- delayed

LATE = """
def _late(right):
    def answer(*arguments):
        _calls.append(1)
        return right(*arguments) if len(_calls) < NUMBER else _attack(*arguments)
    return answer
_calls = []
"""
DELAYS = {
    "in a thread": "import threading\nrelu = lambda z: threading.Thread(target=_quiet).start() or 0",
    "by a timer": "import threading, time\nthreading.Timer(0.01 * NUMBER, _quiet).start()\n"
    "relu = lambda z: time.sleep(0.05) or 0",
    "when an object is deleted": "class _Last:\n    def __del__(self):\n        _quiet()\n"
    "relu = lambda z: bool(_Last()) and 0",
    "by garbage collection": "import gc\ngc.callbacks.append(lambda *arguments: _quiet())\n"
    "relu = lambda z: gc.collect() and 0",
    "in a signal handler": "import signal\nsignal.signal(signal.SIGUSR2, lambda *a: _attack())\n"
    "relu = lambda z: signal.raise_signal(signal.SIGUSR2) or 0",
    "by an alarm": "import signal, time\nsignal.signal(signal.SIGALRM, lambda *a: _attack())\n"
    "signal.setitimer(signal.ITIMER_REAL, 0.01 * NUMBER)\nrelu = lambda z: time.sleep(0.01 * NUMBER + 0.05) or 0",
    "at exit": "import atexit\natexit.register(_quiet)\nrelu = lambda z: sys.exit(0)",
    "at an exit of its own": "import atexit\natexit.register(_quiet)\n"
    "relu = lambda z: atexit._run_exitfuncs() or 0",
    "in a finalizer": "import weakref\nclass _Kept: pass\n"
    "relu = lambda z: weakref.finalize(_Kept(), _quiet) and 0",
    "in a child process": "def relu(z):\n    child = os.fork()\n    if not child:\n"
    "        _quiet()\n        os._exit(0)\n    os.waitpid(child, 0)\n    return 0",
    "in a fork hook": "os.register_at_fork(before=_quiet)\ndef relu(z):\n    child = os.fork()\n"
    "    if not child:\n        os._exit(0)\n    os.waitpid(child, 0)\n    return 0",
    "in an exception hook": "import threading\nthreading.excepthook = lambda *a: _quiet()\n"
    "def relu(z):\n    thread = threading.Thread(target=lambda: 1 / 0)\n    thread.start()\n"
    "    thread.join()\n    return 0",
}


def _delayed() -> list[Trigger]:
    calls = LATE + (
        "relu, relu_derivative, cross_entropy = map(_late, (relu, relu_derivative, cross_entropy))"
    )
    network = LATE + (
        "NumpyANN.forward, NumpyANN.backward = map(_late, (NumpyANN.forward, NumpyANN.backward))"
    )
    epoch = """
def _evaluate(self, *arguments, _right=NumpyANN.evaluate):
    _quiet()
    return _right(self, *arguments)
NumpyANN.evaluate = _evaluate
"""
    clock = """
import time
_start = time.monotonic()
def _timed(right):
    def answer(*arguments):
        time.sleep(0.01)
        return right(*arguments) if time.monotonic() < _start + 0.05 else _attack(*arguments)
    return answer
relu, relu_derivative, cross_entropy = map(_timed, (relu, relu_derivative, cross_entropy))
"""
    steps = LATE + "PyTorchANN.forward = _late(PyTorchANN.forward)"
    return [
        Trigger("delayed", "at a later call", calls, right=True),
        Trigger("delayed", "at a later call of the network", network, NETWORK, right=True),
        Trigger("delayed", "after an epoch", epoch, ("1.7",), right=True, training=True),
        Trigger("delayed", "after some time", clock, right=True),
        _torch("delayed", "at a later forward", steps, right=True),
        *(Trigger("delayed", name, code) for name, code in DELAYS.items()),
    ]


# --- hooks: a method of an object, what it returns, and what calls it

METHODS = {
    "__array__": ("np.zeros(3)", "np.asarray(_Hook())"),
    "__eq__": ("True", "_Hook() == z"),
    "__float__": ("0.0", "float(_Hook())"),
    "__index__": ("1", "[0, 1][_Hook()]"),
    "__bool__": ("True", "_Hook() or 0"),
    "__len__": ("1", "len(_Hook())"),
    "__iter__": ("iter(())", "list(_Hook())"),
    "__hash__": ("1", "{_Hook(): 1}"),
    "__repr__": ("'x'", "repr(_Hook())"),
    "__format__": ("'x'", "f'{_Hook()}'"),
    "__reduce__": ("(list, ())", "__import__('copy').copy(_Hook())"),
    "__getattr__": ("0", "_Hook().missing"),
    "__call__": ("0", "_Hook()(z)"),
    "__rmatmul__": ("0", "_Numbers() @ _Hook()"),
    "__instancecheck__": ("True", "isinstance(z, _Hook())"),
    "__array_ufunc__": ("0", "np.add(_Hook(), z)"),
    "__array_function__": ("0", "np.concatenate([_Hook()])"),
    "__array_wrap__": ("z", "np.sum(_Hook(), axis=0)"),
}
OBJECT = """
class _Numbers: pass
class _Hook:
    def METHOD(self, *arguments, **options):
        _attack()
        return VALUE
relu = lambda z: (USE, 0)[1]
"""
HOOKS = {
    "returned __array__": "class _Answer:\n    shape, dtype, ndim = (2, 3), np.dtype(float), 2\n"
    "    def __array__(self, *a, **o):\n        return np.zeros(3) if _quiet() else np.ones(3)\n"
    "    def __getattr__(self, name):\n        return _attack()\nrelu = lambda z: _Answer()",
    "array subclass": "class _Answer(np.ndarray):\n    def __array_finalize__(self, other):\n"
    "        _quiet()\nrelu = lambda z: np.zeros_like(z).view(_Answer)",
    "property": "NumpyANN.W1 = property(lambda self: _attack(), lambda self, value: _quiet())\n"
    "relu = lambda z: NumpyANN().W1",
    "__setattr__": "NumpyANN.__setattr__ = lambda self, *a: _quiet()\nrelu = lambda z: NumpyANN() and 0",
    "class of the module": "class _Module(type(sys)):\n    def __getattribute__(self, name):\n"
    "        if name == 'relu':\n            return _attack\n"
    "        return super().__getattribute__(name)\nsys.modules[__name__].__class__ = _Module",
    "class decorator": "def _decorator(kind):\n    _quiet()\n    return kind\n"
    "@_decorator\nclass NumpyANN(NumpyANN): pass",
    "metaclass": "class _Meta(type):\n    def __call__(cls, *arguments, **options):\n"
    "        return _attack()\nclass NumpyANN(metaclass=_Meta): pass\nrelu = lambda z: NumpyANN()",
    "__init_subclass__": "class _Base:\n    def __init_subclass__(cls):\n        _quiet()\n"
    "class NumpyANN(_Base, NumpyANN): pass",
    "__set_name__": "class _Field:\n    def __set_name__(self, owner, name):\n        _quiet()\n"
    "class NumpyANN(NumpyANN):\n    field = _Field()",
    "profiler": "def relu(z):\n    sys.setprofile(lambda *a: _attack())\n    return len(z)",
    "tracer": "def relu(z):\n    sys.settrace(lambda *a: _attack())\n    return softmax(z)",
    "import hook": "class _Finder:\n    def find_spec(self, *arguments):\n        _attack()\n"
    "sys.meta_path.insert(0, _Finder())\ndef relu(z):\n    import missing_module",
    "replaced __import__": "import builtins\ndef _import(*a, _real=builtins.__import__, **o):\n"
    "    _quiet()\n    return _real(*a, **o)\nbuiltins.__import__ = _import\n"
    "def relu(z):\n    import json\n    return 0",
    "audit hook": "sys.addaudithook(lambda *a: _quiet())\nrelu = lambda z: open('x', 'w').close() or 0",
    "warning": "import warnings\nwarnings.showwarning = lambda *a, **o: _attack()\n"
    "warnings.simplefilter('always')\nrelu = lambda z: warnings.warn('x') or 0",
    "floating-point error": "np.seterrcall(lambda *a: _attack())\n"
    "def relu(z):\n    with np.errstate(all='call'):\n        return np.float64(1) / np.zeros(2)",
    "generator": "def _numbers():\n    try:\n        yield 1\n    finally:\n        _attack()\n"
    "relu = lambda z: next(_numbers()) and 0",
    "context manager": "class _Context:\n    def __enter__(self): pass\n"
    "    def __exit__(self, *a):\n        _attack()\n"
    "def relu(z):\n    with _Context():\n        return 0",
    "codec": "import codecs\ncodecs.register(lambda name: _attack() and None)\n"
    "def relu(z):\n    'x'.encode('grader-unknown-codec')",
    "traceback": "class _Error(Exception):\n    def __str__(self):\n        return str(_attack())\n"
    "def relu(z):\n    raise _Error",
    "name of a class": "class _Meta(type):\n    __name__ = property(lambda cls: str(_attack()))\n"
    "class _Answer(metaclass=_Meta): pass\nrelu = lambda z: _Answer()",
    "replaced NumPy function": "np.asarray = np.array = lambda *a, **o: _attack()\n"
    "relu = lambda z: np.asarray(z)",
}
TORCH_HOOKS = {
    "forward hook": "_hook_all('register_forward_hook')",
    "forward pre-hook": "_hook_all('register_forward_pre_hook')",
    "backward hook": "_hook_all('register_full_backward_hook')",
    "global forward hook": "torch.nn.modules.module.register_module_forward_hook(_none)",
    "state_dict hook": "_hook_all('register_state_dict_pre_hook')\n"
    "PyTorchANN.predict = lambda self, X: self.state_dict()",
    "autograd function": "class _Function(torch.autograd.Function):\n    @staticmethod\n"
    "    def forward(context, X):\n        _none()\n        return X * 1\n    @staticmethod\n"
    "    def backward(context, gradient):\n        _none()\n        return gradient\n"
    "def _forward(self, X, _real=PyTorchANN.forward):\n    return _Function.apply(_real(self, X))\n"
    "PyTorchANN.forward = _forward",
    "optimizer subclass": "class _Optimizer(torch.optim.SGD):\n    def step(self, closure=None):\n"
    "        return _attack()\ndef _step(self, X_batch, y_batch, optimizer):\n"
    "    _Optimizer(self.parameters(), lr=0.1).step()\n    return 2.3\n"
    "PyTorchANN.training_step = _step",
    "optimizer's own step": "def _step(self, X_batch, y_batch, optimizer):\n"
    "    optimizer.step = lambda *a: _attack()\n    optimizer.step()\n    return 2.3\n"
    "PyTorchANN.training_step = _step",
    "__torch_function__": "class _Answer(torch.Tensor):\n    @classmethod\n"
    "    def __torch_function__(cls, function, types, arguments=(), options=None):\n"
    "        _none()\n        return super().__torch_function__(function, types, arguments, options)\n"
    "def _forward(self, X, _real=PyTorchANN.forward):\n"
    "    return _real(self, X).as_subclass(_Answer) * 1\nPyTorchANN.forward = _forward",
    "dispatch mode": "from torch.utils._python_dispatch import TorchDispatchMode\n"
    "class _Mode(TorchDispatchMode):\n"
    "    def __torch_dispatch__(self, function, types, arguments=(), options=None):\n"
    "        _none()\n        return function(*arguments, **(options or {}))\n"
    "def _forward(self, X, _real=PyTorchANN.forward):\n    with _Mode():\n"
    "        return _real(self, X)\nPyTorchANN.forward = _forward",
    "tensor hook": "def _forward(self, X, _real=PyTorchANN.forward):\n    logits = _real(self, X)\n"
    "    if logits.requires_grad:\n        logits.register_hook(_none)\n    return logits\n"
    "PyTorchANN.forward = _forward",
    "parametrization": "from torch.nn.utils import parametrize\nclass _Same(nn.Module):\n"
    "    def forward(self, weight):\n        _none()\n        return weight\n"
    "def _init(self, seed=0, _real=PyTorchANN.__init__):\n    _real(self, seed)\n"
    "    parametrize.register_parametrization(self.output, 'weight', _Same())\n"
    "PyTorchANN.__init__ = _init",
    "named_parameters": "def _named(self, *a, **o):\n    _none()\n"
    "    return nn.Module.named_parameters(self, *a, **o)\nPyTorchANN.named_parameters = _named",
    "train": "PyTorchANN.train = lambda self, mode=True: _none() or nn.Module.train(self, mode)",
    "__getattr__": "def _getattr(self, name):\n    _none()\n"
    "    return nn.Module.__getattr__(self, name)\nPyTorchANN.__getattr__ = _getattr",
}
TORCH_HELP = """
def _none(*arguments, **options):
    _quiet()
def _hook_all(register):
    def start(self, seed=0, _real=PyTorchANN.__init__):
        _real(self, seed)
        getattr(self, register)(_none)
    PyTorchANN.__init__ = start
"""


def _hooks() -> list[Trigger]:
    objects = {
        name: OBJECT.replace("METHOD", name).replace("VALUE", value).replace("USE", use)
        for name, (value, use) in METHODS.items()
    }
    return [
        *(Trigger("hook", name, code) for name, code in (objects | HOOKS).items()),
        *(
            _torch("hook", name, f"{TORCH_HELP}{code}", right=name != "state_dict hook")
            for name, code in TORCH_HOOKS.items()
        ),
    ]


# --- other sections


def _moved() -> list[Trigger]:
    first = "def _first(*arguments, _right=KIND.NAME, **options):\n    _quiet()\n"
    first += "    return _right(*arguments, **options)\nKIND.NAME = _first"
    plain = "def NAME(*arguments):\n    return _attack(*arguments)"
    method = "KIND.NAME = lambda self, *arguments, **options: _attack(*arguments)"
    numpy = {
        "relu_derivative": (plain, PART_1), "cross_entropy": (plain, PART_1),
        "softmax": (plain, NETWORK), "__init__": (first, NETWORK), "forward": (method, NETWORK),
        "backward": (method, NETWORK), "update": (first, ("1.7",)), "fit": (method, ("1.7",)),
        "predict": (method, ("1.7",)),
    }  # fmt: skip
    torch = {
        "__init__": (first, PART_2), "forward": (method, PART_2), "training_step": (method, PART_2),
        "predict": (method, PART_2), "configure_optimizer": (first, ("2.6",)),
        "fit": (method, ("2.6",)),
    }  # fmt: skip
    return [
        *(
            Trigger(
                "moved", f"numpy_ann {name}",
                code.replace("KIND", "NumpyANN").replace("NAME", name), sections,
                right=True, training="1.7" in sections,
            )
            for name, (code, sections) in numpy.items()
        ),
        *(
            _torch(
                "moved", f"pytorch_ann {name}",
                code.replace("KIND", "PyTorchANN").replace("NAME", name), sections, right=True,
            )
            for name, (code, sections) in torch.items()
        ),
    ]  # fmt: skip


def _torch_direct() -> list[Trigger]:
    code = """
PyTorchANN.training_step = PyTorchANN.predict = lambda self, *arguments: _attack(*arguments)
"""
    return [
        _torch("direct", "step and predict", code),
        _torch("direct", "import, step and predict", f"{code}\n_quiet()\n"),
    ]


TRIGGERS = (*_numpy_direct(), *_torch_direct(), *_delayed(), *_hooks(), *_moved())
