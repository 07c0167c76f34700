"""Writes the lab: a folder of static files that any web server can serve."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import secrets
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import markupsafe

from assignment.parts import PARTS
from grader import GRADER
from grader import PROJECT as ROOT
from grader.handout.folder import copy_code, refuse_leaks
from grader.handout.owned import files_in, refuse_foreign_files, replace
from grader.handout.stubs import write_stubs
from grader.lab.downloads import Store, core_files, editor_files, lock_file, package_files
from grader.lab.in_browser import slices as browser_slices
from grader.lab.microscope_cases import write_cases
from grader.lab.readme import readme_html
from grader.lab.slices import packed
from grader.lab.vendored import Pyodide, editor_modules, integrity, packages_in, pyodide
from grader.rubric import load_rubric
from grader.sandbox.temporary import TemporaryFolder
from utils import CLASS_NAMES

MANIFEST = ".lab.json"
SCRIPT = "numpy_ann.py"
CACHE = ROOT / "build" / "lab-files"  # of what was downloaded
HERE = GRADER / "lab"
IMAGE_COUNTS, CHOSEN = (2_000, 5_000, browser_slices.TRAINING), browser_slices.TRAINING
SAMPLES = 2_000  # test images to look inside a network with
SECTIONS = 6
ORIGIN = "https://cdn.jsdelivr.net"


@dataclass(frozen=True)
class Published:
    """What was written: the folder, and how many bytes a browser loads of each kind."""

    folder: Path
    sizes: dict[str, int]


def write_lab(
    out: Path, *, offline: bool = False, source: Path | None = None, data_dir: Path | None = None
) -> Published:
    """Write the lab to the folder `out`, in place of an earlier one.

    With `offline`, Pyodide is in it, taken from the folder `source` or from npm and pip; else the
    browser loads it from Pyodide's CDN. Raises HandoutError if `out` holds anything else or a
    solution would be in it, Unavailable if a file cannot be had, DataError without the data.
    """
    target = Path(os.path.realpath(out))
    refuse_foreign_files(target, MANIFEST, "lab", lambda name, written: False)
    target.parent.mkdir(parents=True, exist_ok=True)
    store = Store(CACHE)
    with TemporaryFolder(".lab-", target.parent) as scratch:
        made = scratch.path / "lab"
        made.mkdir()
        _write_modules(made)
        licences = _write_editor(made, store)
        _write_python(made)
        for name, content in packed(data_dir).items():
            _write(made / "data" / name, content)
        release = pyodide()
        lock = lock_file(store, release, source)
        if offline:
            core = core_files(store, release, source)
            for name, content in (core | package_files(store, release, lock, source)).items():
                _write(made / "pyodide" / name, content)
        _write(made / "licences.txt", (_notice(release) + licences).encode())
        _write_page(made, release, lock, offline=offline)
        refuse_leaks(made)
        sizes = _sizes(made)
        replace(made, target, MANIFEST)
    return Published(out, sizes)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _write_modules(made: Path) -> None:
    """Our own JavaScript and styles."""
    for name, source in {"lab": HERE / "web", "inspection": ROOT / "inspection" / "web"}.items():
        for path in sorted(source.iterdir()):
            if path.suffix in (".js", ".css"):
                _write(made / "web" / name / path.name, path.read_bytes())


def _write_editor(made: Path, store: Store) -> str:
    """The modules of the editor; returns their licences."""
    licences: dict[str, list[str]] = {}
    for module in editor_modules():
        code, licence = editor_files(store, module)
        _write(made / "web" / "editor" / module.stored_as, code)
        licences.setdefault(licence.decode(), []).append(f"{module.name} {module.version}")
    return "\n".join(f"{', '.join(names)}\n\n{text}" for text, names in licences.items())


def _notice(release: Pyodide) -> str:
    return (
        f"The lab uses Pyodide {release.version} (Mozilla Public License 2.0), which holds CPython "
        "(Python Software\nFoundation License) and NumPy (BSD 3-Clause), unchanged, and these "
        "modules of the editor CodeMirror:\n\n"
    )


def _write_python(made: Path) -> None:
    """The students' files and what runs them, as one archive, and the script beside the page."""
    with TemporaryFolder("lab-") as scratch:
        packed_folder = scratch.path / "python"
        student, packages = packed_folder / "student", packed_folder / "site-packages"
        student.mkdir(parents=True)
        copy_code(student, load_rubric())
        write_stubs(student)
        for part in PARTS.values():
            if part.name != "numpy_ann":
                (student / f"{part.name}.py").unlink()
        ignore = shutil.ignore_patterns("__pycache__")
        # below site-packages, so that no frame of it is taken for the student's
        shutil.copytree(HERE / "in_browser", packages / "in_browser", ignore=ignore)
        write_cases(packages / "in_browser")
        refuse_leaks(packed_folder)
        _write(made / SCRIPT, (student / SCRIPT).read_bytes())
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, path in files_in(packed_folder).items():
                entry = zipfile.ZipInfo(name)  # without a time: the same files give the same bytes
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
        _write(made / "python.zip", content.getvalue())


def _write_page(made: Path, release: Pyodide, lock: bytes, *, offline: bool) -> None:
    import_map = json.dumps({"imports": _imports(made)})
    nonce = secrets.token_urlsafe(12)
    settings = _json(_settings(release, lock, nonce, offline=offline))
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True)
    page = environment.from_string((HERE / "web" / "index.html").read_text(encoding="utf-8"))
    text = page.render(
        policy=_policy(import_map, nonce, offline=offline),
        settings=markupsafe.Markup(settings),
        import_map=markupsafe.Markup(import_map),
        readme=markupsafe.Markup(readme_html((ROOT / "README.md").read_text(encoding="utf-8"))),
        image_counts=IMAGE_COUNTS,
        chosen=CHOSEN,
    )
    _write(made / "index.html", text.encode())


def _imports(made: Path) -> dict[str, str]:
    editor = {module.name: f"./web/editor/{module.stored_as}" for module in editor_modules()}
    own = {
        f"#{folder}/{path.name}": f"./web/{folder}/{path.name}"
        for folder in ("lab", "inspection")
        for path in sorted((made / "web" / folder).glob("*.js"))
    }
    return editor | own


def _settings(release: Pyodide, lock: bytes, nonce: str, *, offline: bool) -> dict[str, Any]:
    """What the page has to know; addresses without a host are relative to it."""
    optional = () if offline else release.optional
    hashes = release.core | packages_in(lock, (*release.packages, *optional))
    return {
        "nonce": nonce,
        "sections": SECTIONS,
        "bar": PARTS["numpy_ann"].bar,
        "classNames": list(CLASS_NAMES),
        "samples": {
            "images": f"data/{browser_slices.TEST_IMAGES}",
            "labels": f"data/{browser_slices.TEST_LABELS}",
            "count": SAMPLES,
        },
        "worker": {
            "python": "python.zip",
            "data": [f"data/{name}" for name in browser_slices.FILES],
            "pyodide": {
                "index": "pyodide/" if offline else release.cdn,
                "integrity": {name: integrity(sha256) for name, sha256 in hashes.items()},
                "optional": list(optional),
            },
        },
    }


def _json(content: Any) -> str:
    """JSON that can stand inside a script element."""
    return json.dumps(content).replace("<", "\\u003c")


def _policy(import_map: str, nonce: str, *, offline: bool) -> str:
    """The Content-Security-Policy: nothing is loaded from, or sent to, any other place."""
    cdn = "" if offline else f" {ORIGIN}"
    digest = base64.b64encode(hashlib.sha256(import_map.encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' blob: 'wasm-unsafe-eval' 'sha256-{digest}'",
            "worker-src 'self' blob:",
            f"connect-src 'self' blob:{cdn}",
            f"style-src 'self' 'nonce-{nonce}'",
            "style-src-attr 'unsafe-inline'",  # which browsers set when text is typed
            "img-src 'self' data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _sizes(made: Path) -> dict[str, int]:
    groups = {"pyodide": "pyodide", "data": "data", "editor": "web/editor"}
    sizes = dict.fromkeys([*groups, "page"], 0)
    for name, path in files_in(made).items():
        group = next((one for one, start in groups.items() if name.startswith(f"{start}/")), "page")
        sizes[group] += path.stat().st_size
    return sizes
