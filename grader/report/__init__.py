"""Show a marking to people and platforms: the score card, results.json and the student page."""
