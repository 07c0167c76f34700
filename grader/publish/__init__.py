"""The grader for other platforms: Gradescope, Classroom 50, and repositories on GitHub.

Reading order: gradescope writes the zip, in which autograder and once run; classroom50/ has public
checks alone; github writes the repositories, in which fetch runs.
"""
