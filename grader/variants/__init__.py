"""Changes a student's own source in one place, so that formatting, comments and names stay.

The room knows Python's syntax and nothing of this assignment. Reading order: variants (what callers
use); worker (the process that parses), making, script (functions, statements and names of a script),
expressions, calls, statements (one operator a function), templates (changes that a caller spells
out).
"""
