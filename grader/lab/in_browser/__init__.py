"""The lab's Python, which runs in the browser beside the student's files."""
