"""Which misconception a failing answer shows: the student's code is asked again, and its answer compared with what each
mistake of the catalogue would give on the same inputs. Source code is never read.

A mistake that comes alone explains an answer better than two together, so of all predictions that fit the one with the
fewest mistakes is taken. sections.py says which function diagnoses which section.
"""
