"""The grader for other platforms: an autograder for Gradescope, repositories for GitHub.

Reading order: gradescope writes the zip, in which autograder and once run; github writes the
repositories, in which fetch runs.
"""
