"""Train a script on the real data: perturbation, then run, then details for the report."""
