"""A class's report."""
