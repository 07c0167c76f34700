"""Multiple-choice questions about a script, whose answers are computed by running the script.

question.py is the record, drafting.py turns what a kind of question found out into one, script.py
is what a kind may ask a script, kinds.py lists the kinds, and quiz.py asks some in the terminal.
Instructors have further kinds. Nothing here computes a right answer by itself.
"""
