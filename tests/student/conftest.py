"""Puts the folder that holds utils.py on the path, wherever pytest is started."""

import sys
from pathlib import Path

sys.path.insert(
    0,
    str(
        next(
            folder for folder in Path(__file__).resolve().parents if (folder / "utils.py").exists()
        )
    ),
)
