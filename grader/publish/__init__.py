"""The grader for other platforms: an autograder for Gradescope, repositories for GitHub."""
