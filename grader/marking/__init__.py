"""Mark one submission: runner judges sections, trainings trains, marking owns the workers."""
