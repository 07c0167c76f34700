"""A changed bar: stored trainings are judged anew, and only what is close to it trains again."""

import io
import json
import re
from concurrent.futures import Future
from pathlib import Path

import pytest

from grader.classroom.batch import Batch
from grader.classroom.gradebook import Gradebook
from grader.classroom.job import Done, Task, mark
from grader.classroom.progress import Progress
from grader.errors import StudentFault
from grader.marking import trainings
from grader.options import Options
from grader.results import Training
from grader.rubric import RUBRIC_FILE, Rubric, load_rubric
from grader.sandbox.levels import choose
from grader.sandbox.remote import StudentScript
from grader.training.run import TrainingOutcome
from tests.classroom.support import rows
from tests.support import sampled, script_with, write_submission
from utils import History

TEXT = RUBRIC_FILE.read_text()
LEVEL = choose("auto")
# by student: the test accuracies of trainings in turn; None stands for one that crashes
CLASS: dict[str, list[float | None]] = {
    "high": [0.9],
    "low": [0.5],
    "near": [0.785],
    "three": [0.775, 0.74, 0.76],
    "upper": [0.765, 0.78, 0.79],
    "crash": [None],
    "later": [0.772, None],
    "diverged": [0.1],
}


def curves(train: float, val: float, loss: float = 0.3) -> History:
    return History([loss], [loss], [train], [val])


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The students whose scripts were trained; a constant names them, and the rest is made up."""
    names: list[str] = []
    seen: dict[StudentScript, int] = {}

    def train(student: StudentScript, *, seed: int, **rest: object) -> TrainingOutcome:
        name = str(student.module.STUDENT)
        names.append(name)
        number = seen[student] = seen.get(student, -1) + 1
        accuracy = CLASS[name][number]
        if accuracy is None:
            raise StudentFault("training stopped", kind="train-crashed")
        loss = float("nan") if name == "diverged" else 0.3
        history = curves(accuracy, accuracy, loss)
        shown = Training({k: tuple(v) for k, v in vars(history).items()}, ((number,),), ())
        return TrainingOutcome(accuracy, history, 1.0, shown=shown, classes=10)

    monkeypatch.setattr(trainings, "train", train)
    return names


class Here:
    """Marks in this process, and counts."""

    jobs = 1

    def __init__(self) -> None:
        self.tasks: list[Task] = []

    def submit(self, task: Task) -> Future[Done]:
        self.tasks.append(task)
        future: Future[Done] = Future()
        future.set_result(mark(task))
        return future

    def end(self, future: Future[Done]) -> bool:
        return False

    def close(self, *, now: bool) -> None:
        pass


def by_the_rubric(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *changes: tuple[str, str]
) -> Rubric:
    """The rubric with a changed text, which counts from now on."""
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    file = folder / "rubric.toml"
    file.write_text(text)
    monkeypatch.setattr("grader.classroom.batch.RUBRIC_FILE", file)
    return load_rubric(file)


def mark_class(
    book: Path, submissions: Path, rubric: Rubric, *sections: str, regrade: bool = False
) -> list[Task]:
    """Mark a class; the tasks that it took."""
    with Gradebook(book, create=True) as gradebook:
        gradebook.set_meta(seed=5)
        batch = Batch(gradebook, rubric, Options(seed=5, only=sections), LEVEL)
        jobs, pool = batch.take_in(submissions, [], regrade=regrade), Here()
        batch.run(jobs, pool, Progress(len(jobs), io.StringIO()))
    return pool.tasks


def results(book: Path) -> dict[tuple[str, str], dict[str, object]]:
    """What counts, by student and section, without times."""
    found = {}
    for student, number, text in rows(
        book,
        "select student, marks.number, results.result from attempts join marks on marks.work = "
        "attempts.work join results on results.id = marks.result",
    ):
        result = json.loads(re.sub(r"trained in [\d.]+ s", "", str(text)))
        del result["seconds"]
        found[str(student), str(number)] = result
    return found


def shown(book: Path) -> dict[tuple[object, ...], object]:
    """The trainings that are shown, by submission, script and accuracy."""
    found = {}
    for work, script, accuracy, text in rows(
        book, "select work, script, accuracy, shown from trainings"
    ):
        found[work, script, accuracy] = json.loads(str(text)) | {"runs": None}
    return found


def numpy_class(folder: Path, names: str = " ".join(CLASS)) -> Path:
    for name in names.split():
        (folder / name).mkdir(parents=True)
        source = script_with("numpy_ann", {}, after=f'STUDENT = "{name}"\n')
        (folder / name / "numpy_ann.py").write_text(source)
    return folder


@pytest.mark.parametrize(("change", "again"), [
    pytest.param(("bar = 0.77", "bar = 0.70"), {"later"}, marks=pytest.mark.exhaustive),
    (("bar = 0.77", "bar = 0.78"), {"near", "later"}),
    pytest.param(("bar = 0.77", "bar = 0.95"), {"later"}, marks=pytest.mark.exhaustive),
    pytest.param(
        ("margin = 0.01", "margin = 0.02"), {"near", "later"}, marks=pytest.mark.exhaustive
    ),
], ids=lambda given: str(sorted(given) if isinstance(given, set) else given))  # fmt: skip
@pytest.mark.exhaustive
def test_a_changed_bar_trains_only_close_to_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trained: list[str],
    change: tuple[str, str],
    again: set[str],
) -> None:
    monkeypatch.setitem(CLASS, "near", [0.785, 0.77, 0.771])
    submissions = numpy_class(tmp_path / "class")
    rubric = by_the_rubric(monkeypatch, tmp_path)
    assert len(mark_class(tmp_path / "a.db", submissions, rubric, "1.7")) == len(CLASS)
    trained.clear()
    rubric = by_the_rubric(monkeypatch, tmp_path, change)
    tasks = mark_class(tmp_path / "a.db", submissions, rubric, "1.7")
    assert set(trained) == again
    assert len(tasks) == len(again)
    mark_class(tmp_path / "scratch.db", submissions, rubric, "1.7")
    assert results(tmp_path / "a.db") == results(tmp_path / "scratch.db")
    assert repr(shown(tmp_path / "a.db")) == repr(shown(tmp_path / "scratch.db"))  # of a NaN too
    assert not mark_class(tmp_path / "a.db", submissions, rubric, "1.7")


def test_bars_changed_twice_and_back_train_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: list[str]
) -> None:
    monkeypatch.setitem(CLASS, "later", [0.6])
    submissions, book = numpy_class(tmp_path / "class"), tmp_path / "a.db"
    first = by_the_rubric(monkeypatch, tmp_path)
    mark_class(book, submissions, first, "1.7")
    before, trained[:] = results(book), []
    for bar in ("0.65", "0.95", "0.77"):
        rubric = by_the_rubric(monkeypatch, tmp_path, ("bar = 0.77", f"bar = {bar}"))
        assert not mark_class(book, submissions, rubric, "1.7")
    assert results(book) == before
    assert not trained


def test_regrading_trains_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: list[str]
) -> None:
    submissions, book = numpy_class(tmp_path / "class", "high crash"), tmp_path / "a.db"
    mark_class(book, submissions, by_the_rubric(monkeypatch, tmp_path), "1.7")
    trained.clear()
    rubric = by_the_rubric(monkeypatch, tmp_path, ("bar = 0.77", "bar = 0.60"))
    assert len(mark_class(book, submissions, rubric, "1.7", regrade=True)) == 2
    assert set(trained) == {"high", "crash"}


def test_a_failure_after_the_first_training_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: list[str]
) -> None:
    submissions, book = numpy_class(tmp_path / "class", "crash later"), tmp_path / "a.db"
    mark_class(book, submissions, by_the_rubric(monkeypatch, tmp_path), "1.7")
    noted = {name: [n["id"] for n in found["notes"]] for (name, _), found in results(book).items()}  # type: ignore[attr-defined]
    assert noted == {"crash": [], "later": ["repeat-failed"]}


@pytest.mark.parametrize("word", sampled(["generalizing", "underfitting", "dunno"], every=3))
def test_judgements_of_curves_follow_the_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: list[str], word: str
) -> None:
    monkeypatch.setitem(CLASS, "high", [0.9])
    source = script_with(
        "pytorch_ann", {"2.5": f'JUDGEMENT = "{word}"'}, after='STUDENT = "high"\n'
    )
    write_submission(tmp_path / "class" / "high", pytorch_ann=source)
    sections = ("2.5", "2.6", "2.7")
    mark_class(
        tmp_path / "a.db", tmp_path / "class", by_the_rubric(monkeypatch, tmp_path), *sections
    )
    before = results(tmp_path / "a.db")
    trained.clear()
    rubric = by_the_rubric(monkeypatch, tmp_path, ("bar = 0.80", "bar = 0.95"))
    assert not mark_class(tmp_path / "a.db", tmp_path / "class", rubric, *sections)
    assert not trained
    mark_class(tmp_path / "scratch.db", tmp_path / "class", rubric, *sections)
    after = results(tmp_path / "a.db")
    assert after == results(tmp_path / "scratch.db")
    assert (after["high", "2.5"] == before["high", "2.5"]) == (word == "dunno")
    assert after["high", "2.6"] != before["high", "2.6"]


def test_other_changes_with_the_bar_mark_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: list[str]
) -> None:
    submissions, book = numpy_class(tmp_path / "class", "high crash"), tmp_path / "a.db"
    mark_class(book, submissions, by_the_rubric(monkeypatch, tmp_path), "1.7")
    changes = (("bar = 0.77", "bar = 0.60"), ("numpy_ann = 300", "numpy_ann = 400"))
    rubric = by_the_rubric(monkeypatch, tmp_path, *changes)
    assert len(mark_class(book, submissions, rubric, "1.7")) == 2
