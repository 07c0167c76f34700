"""People are named by their names, and by their ids only where two share a name."""

from grader.similarity.names import Author, Names

CLASS = {
    "7": [Author("7", "Ada Lovelace")],
    "8": [Author("8", "ada  lovelace")],
    "9, 10": [Author("9", "Jürgen Müller"), Author("10", "Zoe")],
    "11": [Author("11", "<b>\x1b[2J")],
    "7 (last.db)": [Author("7", "Ada Lovelace")],
}
NAMES = Names(CLASS, {"7 (last.db)": "last.db"})


def test_the_id_is_shown_where_two_share_a_name() -> None:
    assert NAMES.work("7") == "Ada Lovelace (7)"
    assert NAMES.work("8") == "ada lovelace (8)"
    assert NAMES.work("7 (last.db)") == "Ada Lovelace (last.db)"


def test_a_team_is_its_members() -> None:
    assert NAMES.work("9, 10") == "Jürgen Müller & Zoe"


def test_names_are_safe_to_print() -> None:
    assert "\x1b" not in NAMES.work("11")


def test_groups_are_counted_in_what_they_are() -> None:
    assert NAMES.count(["7", "8"]) == "2 students"
    assert NAMES.count(["7"]) == "1 student"
    assert NAMES.count(["9, 10"]) == "1 team"
    assert NAMES.count(["9, 10", "7", "8"]) == "3 teams or students"


def test_a_long_group_is_named_by_its_first() -> None:
    expected = "3 teams or students (ada lovelace (8), Jürgen Müller & Zoe, …)"
    assert NAMES.works(["8", "9, 10", "11"]) == expected
