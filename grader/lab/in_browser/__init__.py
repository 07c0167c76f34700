"""The lab's Python, which runs in the browser beside the student's files.

Reading order: session, which the page talks to; output, watching and restoring, which keep student
code from disturbing it; slices, the data; opening, files that the student brings.
"""
