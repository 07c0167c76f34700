"""The autograder for Classroom 50, which marks by the public checks alone.

The platform serves an autograder's files publicly, and runs it in a job of the student's own
repository. So nothing is in them that students do not have, apart from the sandbox.

Reading order: bundle writes the folder to publish; in the student's job, autograder starts first,
marking runs the checks in a process of its own, and result is the platform's format.
"""
