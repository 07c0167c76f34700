"""The first cell of each notebook, as text: it runs before the playground can be imported."""

SETUP = """\
# Run this first. In Colab, upload a zip of the repository beforehand (folder symbol on the left), or write down its address.
import os
import subprocess
import sys
import zipfile
from pathlib import Path

REPOSITORY = ""  # the address to clone from, where there is no zip

here = Path.cwd()
if "google.colab" in sys.modules and not list(here.glob("*/playground")):
    for archive in here.glob("*.zip"):
        zipfile.ZipFile(archive).extractall()
    if REPOSITORY:
        subprocess.run(["git", "clone", "--quiet", "--depth", "1", REPOSITORY], check=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "optuna"], check=True)
folders = [here, *here.parents, *(path.parent for path in here.glob("*/playground"))]
root = next((folder for folder in folders if (folder / "playground" / "network.py").is_file()), None)
if root is None:
    raise FileNotFoundError("the repository is not here: upload its zip or set REPOSITORY, then run this cell again")
os.chdir(root)
sys.path.insert(0, str(root))
"""
