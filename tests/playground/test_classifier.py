"""The classifier keeps scikit-learn's conventions, as scikit-learn itself checks them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from playground.classifier import NetworkClassifier
from playground.configuration import Configuration
from tests.playground.support import clusters

# skipped by scikit-learn itself, for want of what they need
SKIPPED = {
    "check_array_api_input": "SCIPY_ARRAY_API is not set: arrays of other libraries are not taken",
    "check_classifier_data_not_an_array": "needs pandas, which is no dependency of this project",
}


@parametrize_with_checks([
    NetworkClassifier(),
    NetworkClassifier((), optimizer="nesterov", learning_rate=0.1, schedule="cosine"),
    NetworkClassifier(
        (20, 20), activation="tanh", initializer="xavier", loss="squared-error-softmax",
        weight_decay=1e-3,
    ),
    NetworkClassifier(validation_fraction=0.1, keep_best=True, learning_rate=0.01),
])  # fmt: skip
def test_a_check_of_scikit_learn(estimator: NetworkClassifier, check: Any) -> None:
    check(estimator)


def test_no_check_is_skipped_but_those_that_need_what_is_not_here() -> None:
    outcomes = check_estimator(NetworkClassifier(), on_skip=None, on_fail=None)
    assert {outcome["check_name"] for outcome in outcomes if outcome["status"] == "skipped"} <= set(
        SKIPPED
    )
    assert len(outcomes) > 40


def test_every_setting_of_a_configuration_is_a_parameter() -> None:
    assert set(Configuration.__dataclass_fields__) <= set(NetworkClassifier().get_params())


def test_it_learns_labels_of_any_kind_and_scores() -> None:
    X, y = clusters()
    names = np.array(["shirt", "bag", "coat"])[y]
    classifier = NetworkClassifier((16,), random_state=0).fit(X, names)
    assert classifier.classes_.tolist() == ["bag", "coat", "shirt"]
    X_test, y_test = clusters(100, seed=1)
    assert classifier.score(X_test, np.array(["shirt", "bag", "coat"])[y_test]) > 0.97


@pytest.mark.parametrize(("given", "kept"), [("f4", "f4"), ("f8", "f8"), ("i8", "f8")])
def test_numbers_are_trained_in_their_own_precision(given: str, kept: str) -> None:
    X, y = clusters()
    classifier = NetworkClassifier((4,), epochs=1).fit(X.astype(given), y)
    assert classifier.network_.parameters.dtype == kept
    assert classifier.predict_proba(X).dtype == kept


def test_a_grid_search_over_a_pipeline_finds_the_rate_that_learns() -> None:
    X, y = clusters()
    pipeline = make_pipeline(StandardScaler(), NetworkClassifier((8,), epochs=5, random_state=0))
    search = GridSearchCV(pipeline, {"networkclassifier__learning_rate": [1e-6, 0.02]}, cv=2).fit(
        X, y
    )
    assert search.best_params_ == {"networkclassifier__learning_rate": 0.02}


def test_a_clone_with_the_same_random_state_fits_alike() -> None:
    X, y = clusters()
    classifier = NetworkClassifier((8,), epochs=2, random_state=5, dropout=0.1)
    one, again = (clone(classifier).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(one, again)


def test_rows_kept_for_validation_are_measured_and_stop_the_training() -> None:
    classifier = NetworkClassifier(
        (8,), learning_rate=0.05, epochs=200, validation_fraction=0.25, patience=2, random_state=0
    )
    classifier.fit(*clusters())
    assert (
        classifier.n_iter_
        == classifier.best_epoch_ + 2
        == len(classifier.history_.val_losses)
        < 200
    )


@pytest.mark.parametrize(("settings", "message"), [
    ({"optimizer": "adamax"}, "unknown optimizer 'adamax', did you mean 'adam'"),
    ({"validation_fraction": 1}, "validation_fraction is 1, expected 0 or more and less than 1"),
    ({"validation_fraction": None}, "validation_fraction is None, expected 0 or more"),
    ({"validation_fraction": 0.999}, "0.999, which holds out 200 of 200 rows, expected 1 to 199"),
    ({"validation_fraction": 0.001}, "0.001, which holds out 0 of 200 rows, expected 1 to 199"),
    ({"keep_best": True}, "need validation images"),
    ({"hidden_sizes": (0,)}, r"hidden_sizes\[0\] is 0"),
])  # fmt: skip
def test_parameters_are_judged_by_fit_and_not_before(
    settings: dict[str, Any], message: str
) -> None:
    classifier = NetworkClassifier(**settings)
    with pytest.raises(ValueError, match=message):
        classifier.fit(*clusters())
