"""What the sections ask, once for both sides: numpy/ for part 1, torch/ for parts 2 and 3."""
