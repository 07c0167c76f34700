"""A team is marked once for its members, and its number is taken for nobody's."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.classroom.intake import Entry, entries
from grader.classroom.people import Student
from grader.classroom.worksheet import read_worksheet
from grader.errors import CannotGrade
from tests.classroom.folders import ANN, PY, lay_out, opened
from tests.classroom.test_intake_times import BERLIN, both, by_id, contents

HEADER = (
    "Identifier,Full name,Email address,Status,Group,Grade,Maximum grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments"
)
SUBMITTED = "Submitted for grading"
TIME = '"Friday, 20 November 2026, 11:59 PM"'
TEAMS = [
    f"Participant 45,Ada King,ada@x.example,{SUBMITTED},Team Rot,,100,Yes,{TIME},-,",
    f"Participant 46,Bob Bell,bob@x.example,{SUBMITTED},Team Rot,,100,Yes,{TIME},-,",
    f"Participant 47,Cat Cole,cat@x.example,{SUBMITTED} - 5 mins late,Team_Blau: A/B,,100,Yes,{TIME},-,",
    f"Participant 48,Dan Dee,,{SUBMITTED},Default group,,100,Yes,{TIME},-,",
    "Participant 49,Eve Elm,,No submission,Team Grün,,100,Yes,-,-,",
]  # fmt: skip
FILE = "_assignsubmission_file"
FOLDERS = {
    f"Team Rot_45{FILE}/numpy_ann.py": PY,  # 45 is the group's number, and Ada's
    f"Team Blau AB_9{FILE}/numpy_ann.py": ANN,
    f"Default group{FILE}/numpy_ann.py": PY,
}
FLAT = {name.replace("/", "_"): content for name, content in FOLDERS.items()}


def sheet(tmp_path: Path, rows: list[str], header: str = HEADER) -> Path:
    path = tmp_path / "worksheet.csv"
    path.write_text("\n".join([header, *rows]), encoding="utf-8-sig")
    return path


def members(found: dict[str, Entry]) -> dict[str, list[str]]:
    return {entry.origin.team: [one.id for one in entry.students] for entry in found.values()}


@both
@pytest.mark.parametrize(
    "files", [FOLDERS, FLAT, {k.replace("/", "_/"): v for k, v in FOLDERS.items()}]
)
def test_the_worksheet_names_the_members_of_teams(
    tmp_path: Path, form: str, files: dict[str, bytes]
) -> None:
    path = lay_out(tmp_path, files, form)
    worksheet = read_worksheet(sheet(tmp_path, TEAMS), BERLIN)
    found = by_id(path, worksheet=worksheet, zone=BERLIN)
    assert members(found) == {
        "Team Rot": ["45", "46"], "Team Blau AB": ["47"], "Default group": ["48"]
    }  # fmt: skip
    assert contents(path, worksheet=worksheet)["47"] == {"numpy_ann": ANN}
    rot = found["45"]
    assert [one.name for one in rot.students] == ["Ada King", "Bob Bell"]
    assert rot.students[0].email == "ada@x.example"
    assert rot.handed_in.at == datetime(2026, 11, 20, 22, 59, tzinfo=UTC)
    assert rot.handed_in.is_late is False
    assert "Europe/Berlin" in rot.handed_in.source
    assert found["47"].handed_in.is_late is True
    assert rot.origin.platform_ids
    assert (rot.origin.team, rot.origin.team_id) == ("Team Rot", "45")


@both
@pytest.mark.parametrize("word", ["Default group", "Standardgruppe", "Groupe par défaut"])
def test_a_folder_without_number_tells_that_all_are_teams(
    tmp_path: Path, form: str, word: str
) -> None:
    files = {f"Team Rot_45{FILE}/numpy_ann.py": PY, f"{word}{FILE}/numpy_ann.py": ANN}
    path = lay_out(tmp_path, files, form)
    assert contents(path) == {
        "team:Team Rot": {"numpy_ann": PY},
        f"team:{word}": {"numpy_ann": ANN},
    }
    for entry in by_id(path).values():
        assert not entry.origin.platform_ids
        assert "give Moodle's grading worksheet" in entry.remarks[0]


def test_the_roster_tells_teams_and_their_members(tmp_path: Path) -> None:
    files = {f"Team Rot_45{FILE}/numpy_ann.py": PY, f"Team Blau_46{FILE}/numpy_ann.py": ANN}
    path = lay_out(tmp_path, files, "folder")
    roster = [Student("a1", "Ada", group="Team Rot"), Student("b2", "Bob", group="Team Rot")]
    found = by_id(path, roster=roster)
    assert members(found) == {"Team Rot": ["a1", "b2"], "Team Blau": ["team:Team Blau"]}
    assert not found["a1"].origin.platform_ids  # the roster's ids are not Moodle's numbers
    assert set(by_id(path)) == {"45", "46"}  # nothing tells
    assert set(by_id(path, teams=True)) == {"team:Team Rot", "team:Team Blau"}


def test_students_are_no_teams_because_a_name_is_a_groups(tmp_path: Path) -> None:
    path = lay_out(tmp_path, {f"Ada King_45{FILE}/numpy_ann.py": PY}, "folder")
    roster = [Student("a1", "Ada King", group="Ada King"), Student("45", "Ada King", group="B")]
    assert set(by_id(path, roster=roster)) == {"45"}


def test_teams_of_one_name_are_not_mixed(tmp_path: Path) -> None:
    files = {f"Team Rot_45{FILE}/numpy_ann.py": PY, f"Team Rot_46{FILE}/numpy_ann.py": ANN}
    path = lay_out(tmp_path, files, "folder")
    worksheet = read_worksheet(sheet(tmp_path, TEAMS))
    assert contents(path, worksheet=worksheet) == {
        "team:Team Rot (45)": {"numpy_ann": PY},
        "team:Team Rot (46)": {"numpy_ann": ANN},
    }


def test_groups_whose_names_are_written_alike_share_nothing(tmp_path: Path) -> None:
    rows = [TEAMS[0].replace("Team Rot", "Team A/B"), TEAMS[1].replace("Team Rot", "Team AB")]
    path = lay_out(tmp_path, {f"Team AB_5{FILE}/numpy_ann.py": PY}, "folder")
    found = by_id(path, worksheet=read_worksheet(sheet(tmp_path, rows)))
    assert set(found) == {"team:Team AB"}


@both
def test_a_file_of_the_default_group_named_like_a_students(tmp_path: Path, form: str) -> None:
    files = {
        f"Default group{FILE}_numpy_ann.py": PY,
        f"Default group{FILE}_x_7{FILE}_numpy_ann.py": b"forged",
        f"Team Rot_7{FILE}_numpy_ann.py": ANN,
    }
    found = contents(lay_out(tmp_path, files, form))
    assert found.pop("team:Default group") == {"numpy_ann": PY}
    assert found.pop("team:Team Rot") == {"numpy_ann": ANN}
    assert ["its student is unknown" in str(one) for one in found.values()] == [True]


def test_no_number_where_there_are_no_teams_is_nobodys(tmp_path: Path) -> None:
    files = {f"Default group{FILE}/numpy_ann.py": PY, f"Ada_7{FILE}/numpy_ann.py": ANN}
    with entries(lay_out(tmp_path, files, "folder"), teams=False) as found:
        assert [(e.students[0].id, e.is_missing) for e in found] == [
            ("7", False), ("Default group", True)
        ]  # fmt: skip


NO_TEAMS = HEADER.replace("Group,", "")
ALONE = [row.replace(",Team Rot", "") for row in TEAMS[:2]]


def test_the_worksheet_gives_time_and_address_of_students(tmp_path: Path) -> None:
    files = {f"Ada King_45{FILE}/numpy_ann.py": PY, f"Bob Bell_46{FILE}/numpy_ann.py": ANN,
             f"Zoe_99{FILE}/numpy_ann.py": PY}  # fmt: skip
    worksheet = read_worksheet(sheet(tmp_path, ALONE, NO_TEAMS))
    found = by_id(lay_out(tmp_path, files, "folder"), worksheet=worksheet)
    assert found["45"].students == [Student("45", "Ada King", "ada@x.example")]
    assert found["46"].handed_in.at == datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
    assert found["99"].remarks == ["Zoe (99) is not in the worksheet worksheet.csv"]
    assert found["99"].handed_in.at is None


def test_a_row_of_another_name_is_not_used(tmp_path: Path) -> None:
    files = {f"{name}{FILE}/numpy_ann.py": PY for name in ("Ada King_45", "Mia Moss_46")}
    worksheet = read_worksheet(sheet(tmp_path, ALONE, NO_TEAMS))
    found = by_id(lay_out(tmp_path, files, "folder"), worksheet=worksheet)
    assert found["46"].students == [Student("46", "Mia Moss")]
    assert found["46"].handed_in.at is None
    assert "Mia Moss (46) is Bob Bell in the worksheet" in found["46"].remarks[0]


@pytest.mark.parametrize(("names", "message"), [
    (["Ada King_46", "Bob Bell_45"], "Participant 46 is Bob Bell, but Ada King in the download"),
    (["Ada King_99"], "lists nobody of this download"),
])  # fmt: skip
def test_another_assignments_worksheet_is_refused(
    tmp_path: Path, names: list[str], message: str
) -> None:
    path = lay_out(tmp_path, {f"{name}{FILE}/numpy_ann.py": PY for name in names}, "folder")
    worksheet = read_worksheet(sheet(tmp_path, ALONE, NO_TEAMS))
    with pytest.raises(CannotGrade, match=message), entries(path, worksheet=worksheet):
        pass


def test_hidden_names_are_joined_by_number(tmp_path: Path) -> None:
    files = {f"Participant_{n}{FILE}/numpy_ann.py": PY for n in (45, 46)}
    worksheet = read_worksheet(sheet(tmp_path, ALONE, NO_TEAMS))
    found = by_id(lay_out(tmp_path, files, "folder"), worksheet=worksheet)
    assert [found[key].students[0].name for key in ("45", "46")] == ["Ada King", "Bob Bell"]


def test_a_worksheet_without_moodles_download_is_refused(tmp_path: Path) -> None:
    path = lay_out(tmp_path, {"ada/numpy_ann.py": PY, "bob/numpy_ann.py": PY}, "folder")
    worksheet = read_worksheet(sheet(tmp_path, ALONE, NO_TEAMS))
    with (
        pytest.raises(CannotGrade, match="not Moodle's download"),
        entries(path, worksheet=worksheet),
    ):
        pass


@pytest.mark.parametrize(("rows", "header", "message"), [
    (ALONE, NO_TEAMS.replace("Identifier", "ID"), "set your own language in Moodle to English"),
    (["Teilnehmer/in 45,Ada,,,,,,-,-,"], NO_TEAMS, "line 2: the identifier is 'Teilnehmer/in 45'"),
    ([ALONE[0].replace(TIME, '"Freitag, 20. November 2026"')], NO_TEAMS, "line 2: the time is 'Freitag"),
    ([ALONE[0], ALONE[0]], NO_TEAMS, "line 3: Participant 45 is listed twice"),
])  # fmt: skip
def test_a_worksheet_that_is_none_is_one_line(
    tmp_path: Path, rows: list[str], header: str, message: str
) -> None:
    with pytest.raises(CannotGrade, match=message):
        read_worksheet(sheet(tmp_path, rows, header))


CANVAS = {"teamrot_1234_90_numpy_ann.py": PY, "kingada_1240_91_numpy_ann.py": ANN}


@both
def test_a_canvas_group_of_the_roster_shares_its_mark(tmp_path: Path, form: str) -> None:
    path = lay_out(tmp_path, CANVAS, form)
    roster = [
        Student("1234", "Bob Bell", group="Team Rot!"),
        Student("1235", "Cat Cole", group="Team Rot!"),
        Student("1240", "Ada King", group="Blau"),
    ]
    found = by_id(path, roster=roster)
    assert members(found) == {"Team Rot!": ["1234", "1235"], "": ["1240"]}
    assert found["1234"].origin.platform_ids
    assert found["1240"].students[0].name == "Ada King"


@pytest.mark.parametrize("roster", [
    [Student("0001", "Bob Bell", group="Team Rot")],  # its ids are not Canvas's
    [Student("1234", "Bob Bell", group="Team Rot"), Student("5", "Eve", group="teamrot")],
    [],
])  # fmt: skip
def test_a_canvas_group_stays_with_its_id_otherwise(tmp_path: Path, roster: list[Student]) -> None:
    found = by_id(lay_out(tmp_path, CANVAS, "folder"), roster=roster)
    assert [one.id for one in found["1234"].students] == ["1234"]
    assert found["1234"].origin.team == ""
    assert set(found) == {"1234", "1240"}


def test_a_group_and_its_member_alone_get_nobody_two_marks(tmp_path: Path) -> None:
    roster = [
        Student("1234", "Bob Bell", group="Team Rot"),
        Student("1240", "Ada King", group="Team Rot"),
    ]
    with entries(lay_out(tmp_path, CANVAS, "folder"), roster=roster) as found:
        by = {entry.students[0].id: entry for entry in found}
        assert by["1240"].is_missing
        assert "expected one submission for each id" in str(opened(by["1240"]))
        assert [one.id for one in by["1234"].students] == ["1234"]


def test_the_roster_names_students_by_their_id(tmp_path: Path) -> None:
    files = {
        "kingada_7_90_numpy_ann.py": PY,
        "bellbob_8_91_numpy_ann.py": PY,
        "coles_9_92_numpy_ann.py": PY,
    }
    roster = [Student("7", "Ada King", "a@x", "B"), Student("8", "Mia Moss"), Student("9", "王伟")]
    found = by_id(lay_out(tmp_path, files, "folder"), roster=roster)
    assert found["7"].students == [roster[0]]
    assert found["8"].students[0].name == "bellbob"
    assert found["8"].remarks == [
        "the id 8 is bellbob in the download and Mia Moss on the roster, which is not used for it"
    ]
    assert found["9"].students[0].name == "王伟"


def test_gradescopes_address_finds_the_id_on_the_roster(tmp_path: Path) -> None:
    who = "  - :name: Bob\n    :sid:\n    :email: Bob@x.example\n"
    listed = f"submission_1:\n  :submitters:\n{who}".encode()
    path = lay_out(
        tmp_path, {"submission_metadata.yml": listed, "submission_1/numpy_ann.py": PY}, "zip"
    )
    found = by_id(path, roster=[Student("0042", "Bob Bell", "bob@x.example")])
    assert found["0042"].students == [Student("0042", "Bob Bell", "bob@x.example")]


def test_an_address_that_is_anothers_id_gives_nobody_two_marks(tmp_path: Path) -> None:
    who = ["  - :name: Bob\n    :email: b@x.example\n", "  - :name: Eve\n    :sid: '0042'\n"]
    listed = "".join(f"submission_{n}:\n  :submitters:\n{one}" for n, one in enumerate(who, 1))
    files = {f"submission_{n}/numpy_ann.py": PY for n in (1, 2)}
    path = lay_out(tmp_path, {"submission_metadata.yml": listed.encode(), **files}, "folder")
    with entries(path, roster=[Student("0042", "Bob Eve", "b@x.example")]) as found:
        assert [(entry.students[0].id, entry.is_missing) for entry in found] == [("0042", True)]


def test_remarks_about_hostile_names_are_one_safe_line(tmp_path: Path) -> None:
    path = lay_out(tmp_path, {f"A\x1b[2J\nB{FILE}/numpy_ann.py": PY}, "zip")
    (entry,) = by_id(path).values()
    assert all(remark.isprintable() for remark in entry.remarks)
    assert entry.remarks
