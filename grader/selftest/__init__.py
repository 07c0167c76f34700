"""Whether this grader marks as it should on this machine."""
