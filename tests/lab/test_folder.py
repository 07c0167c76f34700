"""The published folder: what is in it, where it comes from, and what is refused."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

import utils
from grader.__main__ import main
from grader.errors import HandoutError
from grader.handout.owned import files_in
from grader.lab import downloads, folder
from grader.lab.downloads import Store, Unavailable
from grader.lab.in_browser import slices
from grader.lab.vendored import editor_modules, packages_in, pyodide
from tests.leaks import leaked


def test_no_line_of_a_solution_is_in_it(lab: Path) -> None:
    with zipfile.ZipFile(lab / "python.zip") as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    ours = (lab / "index.html", lab / "numpy_ann.py", *(lab / "web").glob("[li]*/*"))
    texts |= {path.name: path.read_text() for path in ours}
    assert {"student/numpy_ann.py", "student/assignment/rubric.toml"} <= texts.keys()
    assert not any("pytorch_" in name or "reference" in name for name in texts)
    for name, text in texts.items():
        if not name.startswith("student/assignment/"):  # the handout's, with tests of its own
            assert leaked(text) == [], name


def test_data_are_those_that_a_run_elsewhere_uses(lab: Path) -> None:
    data = lab / "data"
    assert sum(path.stat().st_size for path in data.iterdir()) < 10_000_000
    there = utils.load_fashion_mnist(train_size=2000, one_hot=True)
    here = slices.splits(data, 2000)
    for name in ("X_train", "y_train", "X_test", "y_test"):
        assert np.array_equal(getattr(here, name), getattr(there, name)), name
    assert np.array_equal(here.X_val, there.X_val[: slices.VALIDATION])
    for images in (0, slices.TRAINING + 1):
        with pytest.raises(ValueError, match="expected 1 to"):
            slices.splits(data, images)


def test_every_file_of_others_has_the_hash_that_is_pinned(lab: Path) -> None:
    release = pyodide()
    lock = (lab / "pyodide" / "pyodide-lock.json").read_bytes()
    pinned = release.core | packages_in(lock, release.packages)
    found = {path.name: digest(path) for path in (lab / "pyodide").iterdir()}
    assert found == pinned
    settings = json.loads(re.search(r'id="settings">(.*?)</script>', page(lab))[1])
    assert settings["worker"]["pyodide"]["integrity"].keys() == pinned.keys()
    editor = {module.stored_as: module.sha256 for module in editor_modules()}
    assert {path.name: digest(path) for path in (lab / "web" / "editor").iterdir()} == editor
    for module in editor_modules():
        assert f"{module.name} {module.version}" in (lab / "licences.txt").read_text()


def test_page_can_load_nothing_from_elsewhere(lab: Path) -> None:
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', page(lab))[1]
    assert "default-src &#39;none&#39;" in policy
    assert "connect-src &#39;self&#39; blob:;" in policy
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
    assert "http" not in policy


def test_same_command_replaces_its_own_folder_and_no_other(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(lab / "pyodide")
    out = tmp_path / "lab"
    for _ in range(2):
        assert main(["publish", "lab", "--out", str(out), "--offline", source]) == 0
    said = capsys.readouterr()
    assert said.out.split() == [str(out)] * 2
    assert "pyodide 16.9 MB" in said.err
    before = files_in(out)
    (out / "own.txt").write_text("mine")
    assert main(["publish", "lab", "--out", str(out), "--offline", source]) == 2
    assert "own.txt" in capsys.readouterr().err
    assert files_in(out).keys() == {*before, "own.txt"}


def test_a_file_with_another_hash_is_not_used(lab: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    source = tmp_path / "pyodide"
    source.mkdir()
    with pytest.raises(Unavailable, match=r"pyodide-lock\.json cannot be read"):
        downloads.lock_file(store, pyodide(), source)
    lock = (lab / "pyodide" / "pyodide-lock.json").read_bytes()
    (source / "pyodide-lock.json").write_bytes(lock + b" ")
    with pytest.raises(Unavailable, match=r"has SHA-256 .*, expected 9c45b9"):
        downloads.lock_file(store, pyodide(), source)
    assert not (tmp_path / "store").exists()
    (source / "pyodide-lock.json").write_bytes(lock)
    assert downloads.lock_file(store, pyodide(), source) == lock
    (kept,) = store.folder.iterdir()
    kept.write_bytes(b"damaged")  # is fetched again
    assert downloads.lock_file(store, pyodide(), source) == lock


def test_a_broken_download_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(
        Unavailable, match=r"^pyodide@0.27.7 cannot be downloaded with npm"
    ) as error:
        downloads.core_files(store, pyodide(), None)
    assert "\n" not in str(error.value)
    monkeypatch.setattr(downloads, "NPM_CDN", "http://127.0.0.1:9/")
    monkeypatch.setattr(downloads.shutil, "which", lambda name: None)
    with pytest.raises(Unavailable, match="cannot be loaded"):
        downloads.editor_files(store, editor_modules()[0])


def test_a_folder_that_is_a_file_or_has_no_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HandoutError, match="not a folder"):
        folder.write_lab(tmp_path / "file")
    assert main(["publish", "lab", "--out", str(tmp_path / "lab"), "--data-dir", "nowhere"]) == 2
    assert not (tmp_path / "lab").exists()


def page(lab: Path) -> str:
    return (lab / "index.html").read_text()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
