"""Right answers to compare with."""
