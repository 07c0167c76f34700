"""Tests whether this grader marks correctly and safely on this machine: cases.py, and cheats/."""
