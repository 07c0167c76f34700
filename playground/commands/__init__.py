"""The commands of `python -m playground`; each imports torch or Optuna only when it runs."""
