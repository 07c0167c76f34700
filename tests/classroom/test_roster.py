"""Rosters: as people write them, as spreadsheets leave them, as platforms export them."""

import re
from pathlib import Path

import pytest

from grader.classroom import roster as rosters
from grader.classroom.people import Student
from grader.classroom.roster import Roster, read_roster, unknown_ids
from grader.errors import CannotGrade

ADA = Student("0429", "Ada Müller", "ada@x.example", "B")
TEXT = "Id,Name,E-Mail,Group\n0429,Ada Müller,ada@x.example,B\n"


def write(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "roster.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("content", [
    TEXT,
    TEXT.encode("utf-8-sig"),
    TEXT.encode("utf-16"),
    TEXT.encode("utf-16-le"),
    TEXT.replace(",", "\t").encode("utf-16"),  # Excel's "Unicode text"
    TEXT.replace(",", ";").replace("\n", "\r\n").encode("cp1252"),
    TEXT.replace("\n", "\r"),
    "sep=;\r\n" + TEXT.replace(",", ";"),
    TEXT.replace("0429", "'0429"),
    TEXT.replace("0429", '"=""0429"""'),
    TEXT.replace("0429", "\u00a00429\u200b "),
    TEXT.replace("Ada Müller", '"Ada Mu\u0308ller"'),  # decomposed, as macOS does
    TEXT.replace("Ada Müller", "Ada\u00a0 Müller") + "\n,,,\n",
    'group,"EMAIL address",phone,full_name,Student-ID\nB,ada@x.example,"1,2",Ada Müller,0429\n'.replace(
        "Student-ID", "Student ID"),
    "First Name,Last Name,SID,Email,Sections\nAda,Müller,0429,ada@x.example,B\n",  # Gradescope
    "Name,Email,SID,Section\nAda Müller,ada@x.example,0429,B\n",
    "id,Section,name,email,Group\n0429,Monday,Ada Müller,ada@x.example,B\n",
    "id,,sections,name,email\n0429,x,B,Ada Müller,ada@x.example\n",
    '"Student","ID","SIS Login ID","Section","Quiz (12)"\n,,,,\n"    Points Possible",,,,10\n'
    '"Müller, Ada",0429,ada@x.example,B,7\n',  # Canvas
    "Identifier,Full name,Email address,Group,Last modified (submission)\n"
    "Participant 0429,Ada Müller,ada@x.example,B,-\n",  # Moodle
])  # fmt: skip
def test_a_roster_is_read_in_every_form(tmp_path: Path, content: str | bytes) -> None:
    assert read_roster(write(tmp_path, content)) == Roster([ADA], {})


def test_columns_may_be_missing_and_names_the_same(tmp_path: Path) -> None:
    text = "name;;id\nAda;no address;1\nAda;;2\n't Hooft;;3\n"
    assert read_roster(write(tmp_path, text)).students == [
        Student("1", "Ada"), Student("2", "Ada"), Student("3", "'t Hooft")
    ]  # fmt: skip


def test_without_a_number_gradescopes_id_is_the_address(tmp_path: Path) -> None:
    (found,) = read_roster(write(tmp_path, "Name,Email,SID\nAda,ada@x.example,\n")).students
    assert found.id == "ada@x.example"


@pytest.mark.parametrize(("text", "left_out"), [
    ("First Name,Last Name,SID,Email,Role,Sections\nAda,Müller,0429,ada@x.example,Student,B\n"
     "Grace,Hopper,,g@x.example,Instructor,\nTim,Ta,7,t@x.example,TA,B\nTom,Ta,8,o@x.example,TA,B\n",
     {"Instructor": 1, "TA": 2}),
    ('Student,ID,SIS Login ID,Section\n"Müller, Ada",0429,ada@x.example,B\n"Student, Test",9,ab12,B\n',
     {"Canvas's test student": 1}),
    ("id,name,email,group,role\n0429,Ada Müller,ada@x.example,B,tutor\n", {}),  # a column of yours
])  # fmt: skip
def test_teachers_and_test_students_are_left_out(
    tmp_path: Path, text: str, left_out: dict[str, int]
) -> None:
    found = read_roster(write(tmp_path, text))
    assert found == Roster([ADA], left_out)
    counted = ", ".join(f"{kind} ({count})" for kind, count in left_out.items())
    assert all(line.endswith(f"not used: {counted}") for line in found.remarks())
    assert bool(found.remarks()) == bool(left_out)


@pytest.mark.parametrize(("text", "message"), [
    ("", "is empty"),
    ("a,b\n1,Ada\n", "line 1: the header is a, b, expected the columns id, name"),
    ("id,mail\n1,x\n", "expected the columns id, name"),
    ("id,sid,name\n1,2,Ada\n", "has the columns id and sid, expected one of them"),
    ("id,name,group,groups\n1,Ada,A,B\n", "has the columns group and groups, expected one"),
    ("id,name\n", "lists no students"),
    ("id,name\n1,Ada\n,Bob\n", "line 3: the id of Bob is empty"),
    ('id,name,note\n1,Ada,"a\nb"\n1,Bob,\n', "line 4: the id 1 is Ada in line 2 and Bob here"),
    ('id,name,email\n1,Ada,a\n2,"Bob,b\n3,Cy,c\n', "line 3: not CSV (unexpected end of data)"),
    ('id,name,email\n1,Ada,a\n2,"Bob,b\n3,"Cy",c\n', "line 3: not CSV"),
    ('id,name\n1,Ada\n2,"Bob\n3,Cy"\n4,Di\n', "line 3: name holds a line break"),
    ('Student,ID,Section\n"Bob,2,A\nCy",3,A\n', "line 2: student holds a line break"),
    ("id,name\n1,King, Ada\n", "line 2: 3 cells, expected 2 as in the header"),
    ("id,name\n1,A\x1b[2Ja\n", "line 2: the name"),
    ("id,name\n1," + "A" * 300 + "\n", "has more than 200 characters"),
    (b"PK\x03\x04rest", "save it from the spreadsheet as CSV"),
    ("id,name\n1," + "A" * 200_000 + "\n", "line 2: not CSV"),
    ("id,name" + ",x" * 2000 + "\n", "more than 1,000 columns"),
])  # fmt: skip
def test_a_roster_that_is_none_is_one_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(CannotGrade, match=re.escape(message)) as caught:
        read_roster(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_class_of_a_city_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rosters, "MAX_STUDENTS", 2)
    with pytest.raises(CannotGrade, match="more than 2 students"):
        read_roster(write(tmp_path, "id,name\n1,a\n2,b\n3,c\n"))
    with pytest.raises(CannotGrade, match=r"cannot be read \(No such file"):
        read_roster(tmp_path / "none.csv")


@pytest.mark.parametrize(("came", "listed", "reason"), [
    ("429", "0429", "removed leading zeros"),
    ("0429", "429", "removed leading zeros"),
    ("120000", "1.20E+05", "rounded a long number"),
    ("123456", "1,23E+05", "rounded a long number"),
    ("429", "429.0", "written it as a number"),
    ("Ada", "ada", "upper and lower case differ"),
])  # fmt: skip
def test_an_unknown_id_is_explained_by_a_near_one(came: str, listed: str, reason: str) -> None:
    (line,) = unknown_ids([came], [Student(listed, "Ada"), Student("77", "Bob")])
    assert line.startswith(f"{came} is not on the roster, {listed} is: ")
    assert reason in line


def test_an_unknown_number_is_not_any_number_of_its_size() -> None:
    students = [Student(str(2_019_000 + number), "Ada") for number in range(300)]
    assert unknown_ids(["2019500", "1234", "2845111"], [*students, Student("1236", "Bob")]) == [
        "2019500 is not on the roster",
        "1234 is not on the roster",
        "2845111 is not on the roster",
    ]
    (line,) = unknown_ids(["2.02E+06"], students)  # rounded, not cut off
    assert line == (
        "2.02E+06 is not on the roster, 2019000 or 2019001 or 2019002 or one of 297 more is: "
        "a spreadsheet may have rounded a long number"
    )


def test_ids_that_are_known_or_far_from_all() -> None:
    students = [Student("0429", "Ada"), Student("1.20E+05", "Bob")]
    assert unknown_ids(["0429", "99", "99", "130000"], students) == [
        "99 is not on the roster",
        "130000 is not on the roster",
    ]
