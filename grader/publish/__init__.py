"""The grader where classes are: an autograder for Gradescope, repositories and workflows for GitHub."""
