"""Finds lines of the reference's solutions in a text, whatever spaces and names it has."""

from __future__ import annotations

import html
import keyword
import re
from functools import cache

from grader.handout.stubs import Solution, reference_source, split, stub
from grader.sections import SCRIPTS
from tests.support import ROOT

# a name that is called or belongs to a module, or any other; numbers; signs
_WORDS = re.compile(r"[A-Za-z_]\w*|\d[\w.]*(?:e-?\d+)?|\S")
MODULES = ("np", "nn", "F", "torch")
_SHORTEST = 4  # words: anything shorter is no line


def _normal(text: str) -> list[str]:
    """The words of a text, with `self.` dropped and one name for all variables."""
    words = _WORDS.findall(text.replace("self.", ""))
    return [
        "v"
        if word.isidentifier()
        and not keyword.iskeyword(word)
        and not (following == "(" or before == "." or (following == "." and word in MODULES))
        else word
        for before, word, following in zip(["", *words], words, [*words[1:], ""], strict=False)
    ]


def _joined(text: str) -> str:
    return f" {' '.join(_normal(text))} "


@cache
def _telling() -> dict[str, str]:
    """The solutions' lines and what they compute, normalised; the line itself for each."""
    given = "".join(_joined(stub(reference_source(s), f"{s}.py")) for s in SCRIPTS)
    given += _joined((ROOT / "README.md").read_text(encoding="utf-8"))
    found = {}
    for script in SCRIPTS:
        for part in split(reference_source(script), f"{script}.py"):
            lines = part.lines if isinstance(part, Solution) else ()
            for line in lines:
                code = line.partition("#")[0].strip()
                value = re.sub(r"^(return\s+|[\w.]+\s*=(?!=)\s*)", "", code)
                for form in (_joined(code), _joined(value)):
                    calculates = re.search(r"[(@*/+-]", form)
                    is_long = len(form.split()) >= _SHORTEST
                    if calculates and is_long and not code.endswith(":") and form not in given:
                        found[form] = code
    return found


def leaked(text: str) -> list[str]:
    """The solutions' lines that a text holds."""
    normal = _joined(text)
    return sorted({line for form, line in _telling().items() if form in normal})


def without_own_words(page: str) -> str:
    """The text of a student's page without what the student wrote: code and traceback."""
    own = r'<pre class="scroll.*?</pre>|<style>.*?</style>'
    return html.unescape(re.sub(r"<[^>]*>", " ", re.sub(own, " ", page, flags=re.DOTALL)))
