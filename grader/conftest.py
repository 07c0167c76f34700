"""`pytest grader/ --submission PATH`: the options, fixtures and the score card are in plugin.py."""

pytest_plugins = ["grader.plugin"]
