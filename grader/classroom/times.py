"""Times that platforms write without a zone, or in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
# "Monday, 1 January 2024, 10:05 AM", "Monday, January 1, 2024, 10:05 AM", "Nov 26, 2025 933 PM"
_DAY = r"(?:(?P<d1>[0-9]{1,2}) (?P<m1>[a-z]+)|(?P<m2>[a-z]+) (?P<d2>[0-9]{1,2}))"
_WORDS = re.compile(
    rf"(?:[a-z]+ )?{_DAY} (?P<year>[0-9]{{4}}) (?P<hour>[0-9]{{1,2}}?):?(?P<minute>[0-9]{{2}})"
    r"(?: (?P<half>am|pm))?"
)
_ISO = re.compile(
    r"(?P<moment>[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)? ?"
    r"(?P<zone>Z|UTC|[+-][0-9]{2}:?[0-9]{2})?"
)


def zone_name(zone: tzinfo) -> str:
    """A zone as messages name it.

    >>> zone_name(UTC), zone_name(timezone(timedelta(hours=2)))
    ('UTC', 'UTC+02:00')
    """
    return str(getattr(zone, "key", "")) or str(zone.tzname(None) or zone)


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """The moment with a zone: its own if it has one, else this one."""
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def time_in_words(text: str) -> datetime | None:
    """A time in English, without a zone, such as "Monday, 1 January 2024, 10:05 AM"; else None.

    >>> time_in_words("Nov 26, 2025 933 PM"), time_in_words("gestern")
    (datetime.datetime(2025, 11, 26, 21, 33), None)
    """
    match = _WORDS.fullmatch(" ".join(text.lower().replace(",", " ").split()))
    if not match:
        return None
    word = match["m1"] or match["m2"]
    months = [number for number, name in enumerate(_MONTHS, 1) if name.startswith(word)]
    if len(word) < 3 or not months:
        return None
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (match["half"] == "pm")
    try:
        day = int(match["d1"] or match["d2"])
        return datetime(int(match["year"]), months[0], day, hour, int(match["minute"]))
    except ValueError:
        return None


def iso_time(text: str, zone: tzinfo = UTC) -> datetime | None:
    """A time such as "2026-11-18 20:15:01.365 +0100", else None; `zone` if it names none."""
    match = _ISO.fullmatch(text.strip())
    if not match:
        return None
    try:
        moment = datetime.fromisoformat(match["moment"])
    except ValueError:
        return None
    own = match["zone"]
    if not own:
        return moment.replace(tzinfo=zone)
    if own in ("Z", "UTC"):
        return moment.replace(tzinfo=UTC)
    offset = timedelta(hours=int(own[1:3]), minutes=int(own[-2:]))
    if offset >= timedelta(days=1):
        return None
    return moment.replace(tzinfo=timezone(-offset if own[0] == "-" else offset))
