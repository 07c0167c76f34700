"""What this machine can do: everything that a marking needs, what it has beyond that, and how to mend what lacks."""
