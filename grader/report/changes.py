"""What people decided about a mark, and what lateness costs, in words for the student."""

from __future__ import annotations

from grader.results import Decision, Lateness, Report


def decided(decision: Decision) -> str:
    """What was decided, in a few words."""
    return {
        "points": f"{decision.section}: {decision.points or 0:g} points",
        "excuse": f"{decision.section} does not count",
        "total": f"the mark is {decision.points or 0:g} points",
    }.get(decision.kind, decision.kind)


def decision_in_words(decision: Decision) -> str:
    """The decision as a sentence for the student, without who made it."""
    if decision.kind == "comment":
        return decision.comment
    when = f" on {decision.at[:10]}" if decision.at else ""
    reason = f": {decision.reason}" if decision.reason else ""
    return f"{decided(decision)}, changed by a person{when}{reason}"


def lateness_in_words(lateness: Lateness | None) -> str:
    """How late, as a sentence without a full stop; "" for a submission in time."""
    if lateness is None:
        return ""
    if not lateness.days:
        return lateness.remark
    days = f"{lateness.days} day{'s' if lateness.days > 1 else ''} late"
    free = f", {lateness.free_days} of them free" if lateness.free_days else ""
    cost = f": {lateness.penalty:g} points less" if lateness.penalty else ""
    said = lateness.remark or f"handed in {lateness.handed_in}, due {lateness.due}"
    return f"{days}{free}{cost} ({said})"


def in_words(report: Report) -> list[str]:
    """All changes of a mark as sentences with their full stops, for the student."""
    late = lateness_in_words(report.lateness)
    comments = [one.comment for one in report.comments if one.kind != "comment"]
    said = [*([late] if late else []), *map(decision_in_words, report.decisions), *comments]
    return [f"{text[:1].upper()}{text[1:].rstrip('.')}." for text in said]
