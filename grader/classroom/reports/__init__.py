"""The report of a class: build writes it student by student from the gradebook."""
