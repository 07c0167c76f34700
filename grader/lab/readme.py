"""Part 1 of the students' README as HTML, its formulas as MathML, which browsers show themselves."""

from __future__ import annotations

import re

from grader.errors import HandoutError
from grader.handout.readme import students_half

HEADINGS = ("## Part 1: the network in NumPy", "## Reading learning curves")
_FORMULA = re.compile(
    r"```math\n(?P<block>.*?)```|\$(?P<inline>[^$\n]+(?:\n[^$\n]+)?)\$", re.DOTALL
)
# what README has for GitHub, and what the converter knows under another name
_TERMS = (("{aligned}", "{align*}"), (r"\mathrm{", r"\operatorname{"), (r"\textstyle", ""))


def readme_html(readme: str) -> str:
    """The two sections that the lab needs. Raises HandoutError if the README does not have them."""
    half = students_half(readme)
    return "".join(_converted(_section(half, heading)) for heading in HEADINGS)


def _section(text: str, heading: str) -> str:
    start = text.find(f"\n{heading}\n")
    if start < 0:
        raise HandoutError(f"README.md has no heading {heading!r}, which the lab shows")
    end = text.find("\n## ", start + 1 + len(heading))
    return text[start : end if end >= 0 else None]


def _converted(text: str) -> str:
    from markdown_it import MarkdownIt

    formulas: list[str] = []

    def kept(match: re.Match[str]) -> str:
        is_block = match["block"] is not None
        formulas.append(_mathml(match["block"] or match["inline"], is_block=is_block))
        return f"formula{len(formulas) - 1}end"

    marked = _FORMULA.sub(kept, text)
    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(marked)
    return re.sub(r"formula(\d+)end", lambda match: formulas[int(match[1])], rendered)


def _mathml(formula: str, *, is_block: bool) -> str:
    from latex2mathml.converter import convert

    for ours, theirs in _TERMS:
        formula = formula.replace(ours, theirs)
    found: str = convert(formula.strip(), display="block" if is_block else "inline")
    if "<mi>&</mi>" in found or "<mi>\\" in found:  # the converter shows what it does not know
        raise HandoutError(f"a formula of README.md cannot be shown in the lab: {formula[:60]!r}")
    # one that is wider than a phone scrolls, which has to work with the keyboard too
    return found.replace("<math ", '<math tabindex="0" ', 1) if is_block else found
