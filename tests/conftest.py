"""tests/student belongs to the handout: it runs there, and in test_public_checks.py."""

collect_ignore = ["student", "specimens"]
