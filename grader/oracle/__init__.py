"""Right answers to compare with: numerical gradients, and the reference at a given point."""
