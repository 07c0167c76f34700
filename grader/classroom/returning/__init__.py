"""Give feedback back to the students: what a platform takes, or a folder of pages.

Read `delivery`, then `moodle`, `canvas` and `folder`; `comments` is feedback inside other files.
"""
