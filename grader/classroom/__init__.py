"""A whole class: its submissions as learning platforms hand them out, the gradebook, and marking them all."""
