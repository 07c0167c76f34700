"""Training a script on the real data."""
