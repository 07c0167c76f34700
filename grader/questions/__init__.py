"""Questions about what a student handed in, each computed by running the student's own code.

kinds/ has a file for each kind of question, registry.py lists them, asking.py draws a student's
questions, formats/ writes them, answers/ reads them back.
"""
