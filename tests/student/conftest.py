"""Puts the folder of utils.py on the path, wherever pytest is started."""

import sys
from pathlib import Path

PARENTS = Path(__file__).resolve().parents
sys.path.insert(0, str(next(folder for folder in PARENTS if (folder / "utils.py").exists())))
