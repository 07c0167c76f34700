"""Brightspace's and Blackboard's downloads: the right student, and the last attempt."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.classroom.people import Student
from tests.classroom.folders import ANN, CNN, PY, lay_out, read
from tests.classroom.test_intake_times import BERLIN, both, by_id, contents


@both
def test_brightspaces_folders_and_the_last_attempt(tmp_path: Path, form: str) -> None:
    files = {
        "index.html": b"",
        "104840-170649 - Pal Patel - Nov 9, 2025 1159 PM/numpy_ann.py": b"old",
        "104840-170649 - Pal Patel - Nov 26, 2025 933 PM/numpy_ann.py": PY,
        "104860-170649 - . Karanvir Singh - Nov 20, 2025 1059 PM/work/numpy_ann.py": ANN,
        "104870-170649 - Mary-Ann O'Neil - Nov 20, 2025 1201 AM/numpy_ann.py": CNN,
    }
    path = lay_out(tmp_path, files, form)
    found = by_id(path, zone=BERLIN)
    assert contents(path) == {
        "Pal Patel": {"numpy_ann": PY},
        "Karanvir Singh": {"numpy_ann": ANN},
        "Mary-Ann O'Neil": {"numpy_ann": CNN},
    }
    pal = found["Pal Patel"]
    assert pal.handed_in.at == datetime(2025, 11, 26, 20, 33, tzinfo=UTC)
    assert pal.handed_in.source.endswith("read as Europe/Berlin")
    assert pal.remarks == ["Pal Patel has 2 attempts; the last counts, of 2025-11-26 21:33:00"]
    assert pal.origin.place == "104840-170649 - Pal Patel - Nov 26, 2025 933 PM"
    assert pal.origin.files == (f"{pal.origin.place}/numpy_ann.py",)
    assert found["Karanvir Singh"].remarks == []


@both
def test_brightspaces_files_in_one_place(tmp_path: Path, form: str) -> None:
    prefix = "1-9 - Ada King - Nov 9, 2025 1159 PM - "
    files = {
        f"{prefix}numpy_ann.py": PY,
        f"{prefix}x - Nov 10, 2025 900 AM - pytorch_ann.py": b"odd",
        "2-9 - Bob - Nov 9, 2025 1159 PM - work - final.zip": b"",
    }
    found = contents(lay_out(tmp_path, files, form))
    assert set(found) == {"Ada King", "Bob"}
    assert found["Ada King"] == {"numpy_ann": PY}


def test_two_people_of_one_name_are_told_apart(tmp_path: Path) -> None:
    files = {
        "7-1 - Jan Kim - Nov 9, 2025 900 PM/numpy_ann.py": PY,
        "8-1 - Jan Kim - Nov 9, 2025 901 PM/numpy_ann.py": ANN,
    }
    path = lay_out(tmp_path, files, "folder")
    for roster in (
        [],
        [Student("j1", "Jan Kim")],
        [Student("j1", "Jan Kim"), Student("j2", "Jan Kim")],
    ):
        found = by_id(path, roster=roster)
        assert contents(path, roster=roster) == {
            "Jan Kim (7)": {"numpy_ann": PY},
            "Jan Kim (8)": {"numpy_ann": ANN},
        }
        assert "may be 2 people" in found["Jan Kim (7)"].remarks[0]


def test_the_roster_gives_ids_where_one_name_fits(tmp_path: Path) -> None:
    files = {
        f"{n}-1 - {name} - Nov 9, 2025 900 PM/numpy_ann.py": PY
        for n, name in enumerate(["Ada King", "Jan Kim", "Zoe"], 3)
    }
    roster = [
        Student("0429", "King, Ada", group="B"),
        Student("1", "Jan Kim"),
        Student("2", "jan kim"),
    ]
    found = by_id(lay_out(tmp_path, files, "folder"), roster=roster)
    assert set(found) == {"0429", "Jan Kim", "Zoe"}
    assert found["0429"].students[0].group == "B"
    assert not found["0429"].origin.platform_ids  # else an export would write it as Brightspace's


def test_two_attempts_of_one_minute_are_refused(tmp_path: Path) -> None:
    files = {f"7-{n} - Jan - Nov 9, 2025 900 PM/numpy_ann.py": PY for n in (1, 2)}
    assert "handed in twice" in str(read(lay_out(tmp_path, files, "folder"))["Jan <Jan>"])


def text(
    name: str, user: str, *files: str, comment: str = "There are no student comments."
) -> bytes:
    listed = "".join(f"\tOriginal filename: {one.rpartition('|')[0]}\n\tFilename: {one.rpartition('|')[2]}\n"
                     for one in files)  # fmt: skip
    return (
        f"Name: {name} ({user})\nAssignment: Exam_1\n"
        "Date Submitted: Tuesday, February 20, 2024 12:35:07 AM CST\nCurrent Grade: Needs Grading\n"
        f"\nSubmission Field:\nComments:\n{comment}\n\nFiles:\n{listed}"
    ).encode()


@both
def test_blackboards_files_texts_and_the_last_attempt(tmp_path: Path, form: str) -> None:
    first, second = (
        "Exam_1_ada_k_attempt_2024-02-20-00-35-07",
        "Exam_1_ada_k_attempt_2024-02-21-00-35-07",
    )
    bob = "Exam_1_bob7_attempt_2024-02-20-01-00-00"
    files = {
        f"{first}_numpy_ann.py": b"old",
        f"{first}.txt": text("Ada King", "ada_k"),
        f"{second}_numpy_ann_1.py": PY,
        f"{second}_my_pytorch_ann.py": ANN,
        f"{second}.txt": text(
            "Ada King", "ada_k",
            f"numpy_ann.py|{second}_numpy_ann_1.py", f"pytorch_ann.py|{second}_my_pytorch_ann.py",
            comment=f"Files:\n\tOriginal filename: pytorch_cnn.py\n\tFilename: {second}_numpy_ann_1.py",
        ),
        f"{bob}_numpy_ann.py": CNN,
        f"{bob}.txt": text("Bob (the) Bell", "bob7"),
    }  # fmt: skip
    path = lay_out(tmp_path, files, form)
    found = by_id(path, zone=BERLIN)
    assert contents(path) == {
        "ada_k": {"numpy_ann": PY, "pytorch_ann": ANN},
        "bob7": {"numpy_ann": CNN},
    }
    ada = found["ada_k"]
    assert ada.students[0].name == "Ada King"
    assert ada.handed_in.at == datetime(2024, 2, 20, 23, 35, 7, tzinfo=UTC)
    assert ada.remarks == [
        "Ada King (ada_k) has 2 attempts; the last counts, of 2024-02-21 00:35:07"
    ]
    assert ada.origin.place == second
    assert set(ada.origin.files) == {f"{second}_numpy_ann_1.py", f"{second}_my_pytorch_ann.py"}
    assert found["bob7"].students[0].name == "Bob (the) Bell"


def test_blackboard_without_texts_and_without_files(tmp_path: Path) -> None:
    files = {
        "Exam 1_ada_attempt_2024-02-20-00-35-07_numpy_ann.py": PY,
        "Exam 1_bob_attempt_2024-02-20-00-35-07_essay.txt": b"",
        "Exam 1_cat_attempt_2024-02-20-00-35-07.txt": text("Cat", "cat"),
        "Exam 1_cat_attempt_2024-02-19-00-35-07_numpy_ann.py": b"before",
    }
    path = lay_out(tmp_path, files, "folder")
    found = contents(path)
    assert found["ada"] == {"numpy_ann": PY}
    assert "holds none" in str(found["bob"])
    assert "holds none" in str(found["cat"])  # the last attempt counts
    assert len(by_id(path)["cat"].remarks) == 1


@pytest.mark.parametrize("users", [["ada_b", "cat_b"], ["ada_b"]])
def test_without_texts_no_user_name_is_guessed(tmp_path: Path, users: list[str]) -> None:
    files = {f"Exam_1_{user}_attempt_2024-02-20-00-35-07_numpy_ann.py": PY for user in users}
    found = contents(lay_out(tmp_path, files, "folder"))
    assert all("keep the .txt" in str(problem) for problem in found.values())
    assert len(found) == len(users)


@pytest.mark.parametrize("name", [
    "Essay_bob_attempt_2024-02-20-00-35-07_numpy_ann.py",
    "Exam_ada_attempt_2024-02-20-00-35-07_y_bob_attempt_2024-02-20-00-35-07.txt",
    "Exam_bob_attempt_2024-22-20-00-35-07_numpy_ann.py",
])  # fmt: skip
def test_an_ambiguous_blackboard_name_is_nobodys(tmp_path: Path, name: str) -> None:
    files = {
        "Exam_ada_attempt_2024-02-20-00-35-07_numpy_ann.py": PY,
        "Exam_bob_attempt_2024-02-21-00-35-07_numpy_ann.py": ANN,
        "Exam_cat_attempt_2024-02-21-00-35-07_numpy_ann.py": ANN,
        name: b"Name: Bob (bob)\n",
    }
    found = read(lay_out(tmp_path, files, "zip"))
    assert found["ada <ada>"] == {"numpy_ann": PY}
    assert found["bob <bob>"] == {"numpy_ann": ANN}
    assert any("its student is unknown" in str(one) for one in found.values())


def test_a_text_that_names_somebody_else_is_not_believed(tmp_path: Path) -> None:
    prefix = "Exam_{}_attempt_2024-02-20-00-35-07"
    files = {f"{prefix.format(user)}_numpy_ann.py": PY for user in ("ada", "bob")}
    files |= {f"{prefix.format(user)}.txt": text("Bob", "bob") for user in ("ada", "bob")}
    assert set(read(lay_out(tmp_path, files, "folder"))) == {"ada <ada>", "Bob <bob>"}
