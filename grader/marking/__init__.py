"""One submission being marked."""
