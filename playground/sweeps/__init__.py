"""Hyperparameter search: `python -m playground sweep`.

Optuna chooses the configuration of each trial from the results so far, ends unpromising trials
early and stores everything in one SQLite file, which `optuna-dashboard sqlite:///sweep.db` can
display. Trials are compared on validation images only. Read in this order: space (the search
space), settings, study (the file), trial (one training), run_log (records all results), executors
(run trials in this process, in several, or on a Dask cluster), report and figures. wandb_sweep runs
the same search with Weights & Biases.

    from playground.sweeps import SweepSettings, sweep

    study = sweep(Path("sweep.db"), SweepSettings(train_size=6000, epochs=5), trials=20)
    print(study.best_value, study.best_params)
"""

from playground.sweeps.settings import SweepSettings
from playground.sweeps.sweep import sweep

__all__ = ["SweepSettings", "sweep"]
