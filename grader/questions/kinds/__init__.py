"""A file for each kind of question that needs a marking or the reference; registry.py lists them."""
