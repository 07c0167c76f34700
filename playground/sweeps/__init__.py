"""Sweeps: many configurations tried, the hopeless ones ended early, the best kept. `python -m playground sweep`.

Optuna chooses what to try next from what has been tried, and keeps it all in one SQLite file, which
`optuna-dashboard sqlite:///sweep.db` shows too. Trials are judged by validation images alone. Read in this order:
space (what is varied), settings, study (the file), trial (one training), run_log (all that is written down), executors
(where trainings run: here, in other processes, on a Dask cluster), report and figures; wandb_sweep is the same
by Weights & Biases.

    from playground.sweeps import SweepSettings, sweep

    study = sweep(Path("sweep.db"), SweepSettings(train_size=6000, epochs=5), trials=20)
    print(study.best_value, study.best_params)
"""

from playground.sweeps.settings import SweepSettings
from playground.sweeps.sweep import sweep

__all__ = ["SweepSettings", "sweep"]
