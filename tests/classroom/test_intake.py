"""In the export of every platform, each student is found with the right name and files."""

from pathlib import Path

import pytest

from grader.classroom.intake import entries
from tests.classroom.folders import ANN, CNN, PY, WHOLE, both, lay_out, opened, read, zipped


@both
def test_a_folder_an_archive_or_loose_files_for_each_student(tmp_path: Path, form: str) -> None:
    path = lay_out(
        tmp_path,
        {
            "ada/numpy_ann.py": PY,
            "ada/pytorch_ann.py": ANN,
            "bob.zip": zipped({"work/numpy_ann.py": PY, "work/pytorch_ann.py": ANN}),
            "eve_numpy_ann.py": PY,
            "eve_pytorch_ann.py": ANN,
            ".DS_Store": b"",
            "__MACOSX/ada/._numpy_ann.py": b"",
            "grades.xlsx": b"",
        },
        form,
    )
    assert read(path) == {"ada <ada>": WHOLE, "bob <bob>": WHOLE, "eve <eve>": WHOLE}


@both
def test_moodles_folders(tmp_path: Path, form: str) -> None:
    path = lay_out(
        tmp_path,
        {
            "Ada Lovelace_1234567_assignsubmission_file/numpy_ann.py": PY,
            "Ada Lovelace_1234567_assignsubmission_file/pytorch_ann.py": ANN,
            "Jean_Luc O'Neill_7654321_assignsubmission_file_/my work.ZIP": zipped(
                {"a/b/numpy_ann.py": PY, "a/b/pytorch_ann.py": ANN}
            ),
        },
        form,
    )
    assert read(path) == {"Ada Lovelace <1234567>": WHOLE, "Jean_Luc O'Neill <7654321>": WHOLE}


@both
def test_moodles_files_in_one_place(tmp_path: Path, form: str) -> None:
    path = lay_out(
        tmp_path,
        {
            "Ada Lovelace_1234567_assignsubmission_file_numpy_ann.py": PY,
            "Ada Lovelace_1234567_assignsubmission_file_pytorch_ann.py": ANN,
            "Bob_7654321_assignsubmission_file_work.tgz": b"not gzip",
        },
        form,
    )
    found = read(path)
    assert found["Ada Lovelace <1234567>"] == WHOLE
    assert "work.tgz cannot be read" in str(found["Bob <7654321>"])


@both
def test_canvas_names_lateness_and_numbered_copies(tmp_path: Path, form: str) -> None:
    path = lay_out(
        tmp_path,
        {
            "lovelaceada_1234_900001_numpy_ann.py": b"old",
            "lovelaceada_1234_900002_numpy_ann-1.py": b"older",
            "lovelaceada_1234_900003_numpy_ann-12.py": PY,
            "lovelaceada_1234_900004_pytorch_ann.py": ANN,
            "turingalan_LATE_99_900005_numpy_ann.py": PY,
            "turingalan_LATE_99_900006_pytorch_ann.py": ANN,
            "hoppergrace_77_900007_assignment-2.zip": zipped(
                {"numpy_ann.py": PY, "pytorch_ann.py": ANN}
            ),
        },
        form,
    )
    assert read(path) == {
        "lovelaceada <1234>": WHOLE,
        "turingalan <99>": WHOLE,
        "hoppergrace <77>": WHOLE,
    }


METADATA = b"""---
submission_101:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0042'
    :email: ada@school.example
  :created_at: 2026-11-18 20:15:01.000000000 Z
  :score: 0.0
submission_102:
  :submitters:
  - :name: Bob
    :sid:
    :email: bob@school.example
  - :name: Eve
    :sid: e1
    :email: eve@school.example
submission_103:
  :submitters:
  - :name: Gone
    :sid: g
"""


@both
def test_gradescopes_export_with_a_group_and_a_missing_folder(tmp_path: Path, form: str) -> None:
    path = lay_out(
        tmp_path,
        {
            "assignment_7_export/submission_metadata.yml": METADATA,
            "assignment_7_export/submission_101/numpy_ann.py": PY,
            "assignment_7_export/submission_101/pytorch_ann.py": ANN,
            "assignment_7_export/submission_102/src/numpy_ann.py": PY,
            "assignment_7_export/submission_102/src/pytorch_ann.py": ANN,
        },
        form,
    )
    found = read(path)
    assert found["Ada Lovelace <0042>"] == found["Bob <bob@school.example> + Eve <e1>"] == WHOLE
    assert "its folder is missing" in str(found["Gone <g>"])


def test_a_folder_of_the_lists_name_is_a_students(tmp_path: Path) -> None:
    path = lay_out(
        tmp_path, {"submission_metadata.yml/numpy_ann.py": PY, "ada/numpy_ann.py": PY}, "folder"
    )
    assert set(read(path)) == {"ada <ada>", "submission_metadata.yml <submission_metadata.yml>"}


@both
def test_one_folder_around_a_class_is_no_student(tmp_path: Path, form: str) -> None:
    inside = {
        "hand-ins/ada/numpy_ann.py": PY,
        "hand-ins/bob/numpy_ann.py": PY,
        "hand-ins/readme.txt": b"",
    }
    assert list(read(lay_out(tmp_path, inside, form))) == ["ada <ada>", "bob <bob>"]


def test_a_class_of_one_keeps_the_students_name(tmp_path: Path) -> None:
    assert list(
        read(lay_out(tmp_path, {"ada/mine/numpy_ann.py": PY, "ada/mine/data/x.gz": b""}, "folder"))
    ) == ["ada <ada>"]


MOODLE = "_assignsubmission_file"


def listed(*submitters: str) -> bytes:
    """Gradescope's list of submissions 1, 2, … with these submitters."""
    return "".join(
        f"submission_{n}:\n  :submitters:\n{who}" for n, who in enumerate(submitters, start=1)
    ).encode()


@both
def test_a_file_named_like_another_student_is_not_theirs(tmp_path: Path, form: str) -> None:
    path = lay_out(
        tmp_path,
        {
            f"Ada_1{MOODLE}_numpy_ann.py": PY,
            f"Eve_9{MOODLE}_x_1{MOODLE}_numpy_ann.py": b"forged",
            f"Eve_9{MOODLE}_numpy_ann.py": ANN,
        },
        form,
    )
    found = read(path)
    assert found.pop("Ada <1>") == {"numpy_ann": PY}
    assert found.pop("Eve <9>") == {"numpy_ann": ANN}
    assert ["its student is unknown" in str(problem) for problem in found.values()] == [True]


def test_many_files_of_another_platforms_names_move_nobody(tmp_path: Path) -> None:
    forged = {
        f"eve_3_{number}_x_1{MOODLE}_{number}_numpy_ann.py": b"forged" for number in range(50)
    }
    path = lay_out(
        tmp_path, {"adal_1_90_numpy_ann.py": PY, "bob_2_91_numpy_ann.py": ANN, **forged}, "zip"
    )
    found = read(path)
    assert found["adal <1>"] == {"numpy_ann": PY}
    assert found["bob <2>"] == {"numpy_ann": ANN}


@both
def test_a_name_like_another_students_gets_no_mark(tmp_path: Path, form: str) -> None:
    path = lay_out(
        tmp_path,
        {
            f"Ada_1{MOODLE}/numpy_ann.py": PY,
            f"Ada_1{MOODLE}_x_9{MOODLE}/numpy_ann.py": b"Eve's name is odd",
        },
        form,
    )
    assert read(path) == {
        "Ada <1>": {"numpy_ann": PY},
        f"Ada_1{MOODLE}_x <9>": {"numpy_ann": b"Eve's name is odd"},
    }


@pytest.mark.parametrize("stray", ["grades.db", "evee_3_text.html", "notes.txt", "Thumbs.db"])
def test_other_files_in_a_download_split_no_student(tmp_path: Path, stray: str) -> None:
    files = {
        "adal_1_90_numpy_ann.py": PY,
        "adal_1_91_pytorch_ann.py": ANN,
        stray: b"",
        f"{stray}.lock": b"",
        f"{stray}-wal": b"",
    }
    assert read(lay_out(tmp_path, files, "folder"))["adal <1>"] == WHOLE


def test_a_file_of_another_naming_scheme_belongs_to_nobody(tmp_path: Path) -> None:
    files = {"adal_1_90_numpy_ann.py": PY, "bob_2_91_numpy_ann.py": PY, "carol/numpy_ann.py": PY}
    with entries(lay_out(tmp_path, files, "folder")) as found:
        assert [(entry.students[0].id, entry.is_missing) for entry in found] == [
            ("1", False),
            ("2", False),
            ("carol", True),
        ]
        assert "carol is named differently" in str(opened(found[-1]))


@both
def test_moodles_online_texts_beside_the_files(tmp_path: Path, form: str) -> None:
    text = "_assignsubmission_onlinetext"
    path = lay_out(
        tmp_path,
        {
            f"Ada_1{MOODLE}/numpy_ann.py": PY,
            f"Ada_1{text}/onlinetext.html": b"",
            f"Bob_2{text}/onlinetext.html": b"",
        },
        form,
    )
    found = read(path)
    assert found["Ada <1>"] == {"numpy_ann": PY}
    assert "holds none" in str(found["Bob <2>"])


@both
def test_canvas_names_with_underscores_without_names_and_texts(tmp_path: Path, form: str) -> None:
    path = lay_out(
        tmp_path,
        {
            "r2_d2_1_90_numpy_ann.py": PY,
            "r2_d2_1_91_pytorch_ann.py": ANN,
            "anon_AbC12_92_numpy_ann.py": PY,
            "anon_AbC12_93_pytorch_ann.py": ANN,
            "LATE_anon_12xyZ_94_numpy_ann.py": PY,
            "LATE_anon_12xyZ_95_pytorch_ann.py": ANN,
            "bob_2_96_x_1_97_numpy_ann.py": b"forged",
            "eve_1_3_98_w.zip": b"",
            "evee_LATE_3_link.html": b"",
            "bob_2_99_essay.txt": b"",
        },
        form,
    )
    found = read(path)
    assert "its student is unknown" in str(
        found.pop("bob_2_96_x_1_97_numpy_ann.py <bob_2_96_x_1_97_numpy_ann.py>")
    )
    assert "its student is unknown" in str(
        found.pop("eve_1_3_98_w.zip <eve_1_3_98_w.zip>")
    )  # eve_1's, or 1's 98_w.zip
    assert [
        found.pop(who)
        for who in ("r2_d2 <1>", "anon_AbC12 <anon_AbC12>", "anon_12xyZ <anon_12xyZ>")
    ] == [WHOLE] * 3
    assert sorted(found) == ["bob <2>", "evee <3>"]
    assert all("holds none" in str(problem) for problem in found.values())


@pytest.mark.parametrize(
    ("submitters", "told"),
    [
        (
            ["  - :name: Ada\n    :sid: '42'\n", "  - :name: Eve\n    :sid: '42'\n"],
            "42 is Ada in submission_1 and Eve in submission_2",
        ),
        (
            ["  - :name: Ada\n", "  - :name: Ada\n"],
            "Ada is Ada in submission_1 and Ada in submission_2",
        ),
        (
            ["  - :name: Ada\n    :sid: '42'\n  - :name: Eve\n    :sid: '42'\n"],
            "42 is Ada in submission_1 and Eve in submission_1",
        ),
    ],
)
def test_an_id_with_two_claims_gives_nobody_anothers_mark(
    tmp_path: Path, submitters: list[str], told: str
) -> None:
    bob = "  - :name: Bob\n    :sid: 0077\n"
    files = {
        f"submission_{number}/numpy_ann.py": b"%d" % number
        for number in range(1, len(submitters) + 2)
    }
    path = lay_out(
        tmp_path, {"submission_metadata.yml": listed(*submitters, bob), **files}, "folder"
    )
    with entries(path) as found:
        assert [entry.students[0].id for entry in found if not entry.is_missing] == [
            "0077"
        ]  # not 63, which is 0o77
        (refused,) = [opened(entry) for entry in found if entry.is_missing]
    assert str(refused).startswith(f"the id {told}")


def test_a_submission_without_submitters_or_folder_is_named(tmp_path: Path) -> None:
    files = {"submission_metadata.yml": listed("", "    []\n"), "submission_1/numpy_ann.py": PY}
    found = read(lay_out(tmp_path, files, "folder"))
    assert found["submission_1 <submission_1>"] == {"numpy_ann": PY}
    assert "its folder is missing" in str(found["submission_2 <submission_2>"])


def test_two_ways_to_write_one_name_are_one_student(tmp_path: Path) -> None:
    files = {"Jose\u0301/numpy_ann.py": PY, "eve_numpy_ann.py": PY, "eve-numpy_ann.py": ANN}
    found = read(lay_out(tmp_path, files, "folder"))
    assert found["Jos\u00e9 <Jos\u00e9>"] == {"numpy_ann": PY}
    assert "eve occurs more than once (eve-…, eve_…)" in str(found["eve <eve>"])


@both
def test_near_names_are_nobody_elses(tmp_path: Path, form: str) -> None:
    files = {
        "eve_numpy_ann (1).py": PY,
        "eve_Copy of pytorch_ann.py": ANN,
        "numpy_ann (2).py": CNN,  # nobody's
        "Mallory_Numpy-ANN.py": CNN,
    }
    found = read(lay_out(tmp_path, files, form))
    assert "its student is unknown" in str(found.pop("numpy_ann (2).py <numpy_ann (2).py>"))
    assert found == {
        "Mallory <Mallory>": {"numpy_ann": CNN},
        "eve <eve>": WHOLE,
    }


@both
def test_a_class_of_one_with_near_names_is_one_student(tmp_path: Path, form: str) -> None:
    files = {"ada/numpy_ann (1).py": PY, "ada/PyTorch_ANN.py": ANN}
    assert read(lay_out(tmp_path, files, form)) == {"ada <ada>": WHOLE}


@both
def test_near_names_in_downloads_of_platforms(tmp_path: Path, form: str) -> None:
    moodle = {
        "Ada Lovelace_1_assignsubmission_file/numpy_ann (1).py": PY,
        "Ada Lovelace_1_assignsubmission_file/pytorch-ann.py": ANN,
        "Bob B_2_assignsubmission_file/hand-in.zip": zipped(
            {"submission.zip": zipped({"numpy_ann.py": PY, "pytorch_ann.py": ANN})}
        ),
    }
    found = read(lay_out(tmp_path, moodle, form))
    assert found == {"Ada Lovelace <1>": WHOLE, "Bob B <2>": WHOLE}


def test_an_archive_without_a_name_has_an_id(tmp_path: Path) -> None:
    files = {".zip": zipped({"numpy_ann.py": PY}), ".problem": b"", "ada/numpy_ann.py": ANN}
    assert set(read(lay_out(tmp_path, files, "zip"))) == {
        ".zip <.zip>", ".problem <.problem>", "ada <ada>"
    }  # fmt: skip
