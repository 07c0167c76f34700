"""The trusted side of isolation."""
