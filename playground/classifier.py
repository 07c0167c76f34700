"""The network as a scikit-learn classifier, for pipelines, grid searches and cross-validation.

This is the only file of the NumPy part that needs scikit-learn. It inherits from scikit-learn's
base classes instead of imitating them, because tags, cloning and metadata routing change between
versions.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from playground.arguments import check_numbers, look_like_pixels
from playground.configuration import Configuration
from playground.errors import PlaygroundError
from playground.network import Network
from playground.training import train
from playground.values import check_number


class NumberNetwork(Network):
    """A network of rows of any numbers, which need not be images."""

    def check(self, X: Any, *, name: str = "X") -> None:
        check_numbers(X, self.shapes[0][0], name=name, dtype=self.dtype)


class NetworkClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    """A multilayer perceptron with scikit-learn's interface; parameters as in `Configuration`.

    `X (n, d)` holds numbers, ideally within about [-1, 1]; unlike elsewhere in the playground,
    uint8 values are not treated as pixels: scale them, as with X / 255; what looks like pixels is
    trained on as it is, with a warning. float32 data is trained in float32, about twice as fast; all
    other data in float64, as in scikit-learn's own estimators. `y (n,)` holds labels of any kind.
    `validation_fraction` of the rows are held out and evaluated after each epoch; `keep_best` and
    `patience` require a validation fraction above 0.

    Fitted: `classes_ (k,)`, `network_`, `history_`, `best_epoch_`, `n_iter_` (epochs trained),
    `n_features_in_`.

    >>> X, y = np.array([[0.0], [0.2], [0.8], [1.0]]), ["low", "low", "high", "high"]
    >>> NetworkClassifier((8,), epochs=200, random_state=0).fit(X, y).predict([[0.1], [0.9]])
    array(['low', 'high'], dtype='<U4')
    """

    def __init__(
        self,
        hidden_sizes: tuple[int, ...] = (100,),
        *,
        network: str = "mlp",
        activation: str = "relu",
        initializer: str = "he",
        dropout: float = 0.0,
        loss: str = "cross-entropy",
        label_smoothing: float = 0.0,
        optimizer: str = "adam",
        learning_rate: float = 3e-3,
        schedule: str = "constant",
        weight_decay: float = 0.0,
        epochs: int = 50,
        batch_size: int = 64,
        flips: bool = False,
        shifts: int = 0,
        keep_best: bool = False,
        patience: int | None = None,
        validation_fraction: float = 0.0,
        random_state: Any = None,
        verbose: bool = False,
    ):
        self.hidden_sizes = hidden_sizes
        self.network = network
        self.activation = activation
        self.initializer = initializer
        self.dropout = dropout
        self.loss = loss
        self.label_smoothing = label_smoothing
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.batch_size = batch_size
        self.flips = flips
        self.shifts = shifts
        self.keep_best = keep_best
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> NetworkClassifier:
        """Trains a new network; returns self. Raises ValueError for invalid data or parameters."""
        configuration = self._configuration()
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise PlaygroundError(
                f"y holds 1 class, {self.classes_[0]!r}, expected at least 2 classes"
            )
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        if look_like_pixels(X):
            warnings.warn(
                f"X holds numbers from {X.min():g} to {X.max():g}: if they are pixels, the training "
                "is better with X / 255",
                stacklevel=2,
            )
        self.network_ = NumberNetwork(
            X.shape[1], len(self.classes_), configuration, seed=rng, dtype=X.dtype
        )
        validation, training = self._split(len(X), rng)
        held_back = (X[validation], labels[validation]) if len(validation) else ()
        run = train(
            self.network_, X[training], labels[training], *held_back, seed=rng, verbose=self.verbose
        )
        self.history_, self.best_epoch_ = run.history, run.best_epoch
        self.n_iter_ = len(run.history.train_losses)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Class probabilities `(n, k)`; the columns follow the order of `classes_`."""
        check_is_fitted(self)
        dtype = self.network_.parameters.dtype
        return self.network_.probabilities(validate_data(self, X, dtype=dtype, reset=False))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of each row, `(n,)`."""
        check_is_fitted(self)
        labels: np.ndarray = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return labels

    def _configuration(self) -> Configuration:
        names = Configuration.__dataclass_fields__
        return Configuration(
            **{name: value for name, value in self.get_params().items() if name in names}
        )

    def _split(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Indices of the validation rows and of the training rows."""
        check_number(
            "validation_fraction",
            self.validation_fraction,
            "0 or more and less than 1",
            lambda value: 0 <= value < 1,
        )
        order = rng.permutation(n)
        size = round(n * self.validation_fraction)
        if size == n or (self.validation_fraction and not size):
            raise PlaygroundError(
                f"validation_fraction is {self.validation_fraction}, which holds out {size} of {n} "
                f"rows, expected 1 to {n - 1}"
            )
        return np.sort(order[:size]), np.sort(order[size:])
