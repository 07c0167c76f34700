"""One HTML file with data and the scripts that show it.

It works from a disk and without a connection: its Content-Security-Policy allows nothing to be
loaded or sent. The JavaScript modules are `data:` URLs, which an import map gives their names.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Template

WEB = Path(__file__).parent / "web"
PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '$style_hash';
script-src '$map_hash' '$start_hash' data:; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>$title</title>
<style>$style</style>
<script type="importmap">$map</script>
</head>
<body class="inspection-page">
<header>
<h1>$title</h1>
$header</header>
<main id="$main">
<p>This page needs JavaScript and a browser of 2023 or later. Nothing is loaded or sent.</p>
</main>
$data<script type="module">$start</script>
</body>
</html>
""")


@dataclass(frozen=True)
class Paragraph:
    """Plain text below the title of a page, in small letters if it matters less."""

    text: str
    small: bool = False

    def __str__(self) -> str:
        small = ' class="small"' if self.small else ""
        return f"<p{small}>{html.escape(self.text)}</p>\n"


@dataclass(frozen=True)
class Scripts:
    """The modules by the names that import them, their styles, and the module that starts.

    The starting module fills the element whose id is `main`.
    """

    modules: tuple[tuple[str, Path], ...]
    styles: tuple[Path, ...]
    start: str
    main: str


def one_file(
    title: str, header: tuple[Paragraph, ...], data: Mapping[str, str], scripts: Scripts
) -> str:
    """The page as HTML. Each of the data is the text of a script element with that id.

    They are JSON, in which `<` becomes its escape, so that no tag can end the element, or base64.
    """
    style, import_map = _style(scripts.styles), _import_map(scripts.modules)
    start = f'import "{scripts.start}";'  # the one inline script; all others are modules
    blocks = "".join(
        f'<script type="text/plain" id="{name}">{_inert(text)}</script>\n'
        for name, text in data.items()
    )
    return PAGE.substitute(
        title=html.escape(title),
        header="".join(map(str, header)),
        style=style,
        style_hash=_digest(style),
        map=import_map,
        map_hash=_digest(import_map),
        start=start,
        start_hash=_digest(start),
        main=scripts.main,
        data=blocks,
    )


def modules_of(folder: Path, prefix: str) -> tuple[tuple[str, Path], ...]:
    """All modules of a folder, under a prefix such as `#inspection/`."""
    return tuple((prefix + path.name, path) for path in sorted(folder.glob("*.js")))


def _inert(text: str) -> str:
    return text.replace("<", "\\u003c")


@lru_cache(maxsize=4)  # all pages of a class share them
def _style(files: tuple[Path, ...]) -> str:
    return "".join(file.read_text("utf-8") for file in files)


@lru_cache(maxsize=4)
def _import_map(modules: tuple[tuple[str, Path], ...]) -> str:
    urls = {
        name: "data:text/javascript;base64," + base64.b64encode(path.read_bytes()).decode()
        for name, path in modules
    }
    return json.dumps({"imports": urls})


def _digest(text: str) -> str:
    """The source expression of an inline script or style, without its quotes."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
