"""A whole class: submissions from learning platforms, the gradebook, and marking them all."""
