"""An exam in one's own code: the student's scripts with mistakes of the catalogue put in.

Reading order: recipes (how each mistake is put in), wrappers, finding (generate and prove),
planning (who gets which), making (a whole class), folder and sheets (what is written), record
(exam.json), answers (what was fixed), pages.
"""
