"""Find the misconceptions that a failing answer shows.

The student's code runs again, and its answer is compared with what each mistake of the catalogue
would give on the same inputs. Source code is never read. One mistake explains an answer better than
two, so the matching prediction with the fewest mistakes is taken. sections.py says which function
diagnoses which section.
"""
