"""Durations and sizes as people write them: text to numbers and back.

30s, 2m, 1h30m, 500ms, 1d; a plain number means seconds. 10MB, 512MiB, 10k, 1g; a plain number means bytes.
kB, MB, GB count in thousands (10k = 10,000), KiB, MiB, GiB in 1024s.
"""

from __future__ import annotations

import re

from supervisor.config.findings import said

_SECONDS = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86_400.0),
}
_BYTES = {"": 1, "b": 1, "byte": 1, "bytes": 1} | {
    letter + suffix: base**power
    for power, letter in enumerate("kmgt", start=1)
    for suffix, base in (("", 1000), ("b", 1000), ("i", 1024), ("ib", 1024))
}
_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)\s*([a-z]*)\s*")

MAX_DURATION = 366 * 86_400.0
MAX_SIZE = 10**12


def parse_duration(text: str) -> float:
    """Seconds. Raises ValueError, with an example in its text, for anything that is no duration up to 366 days."""
    parts = _parts(text)
    units = [unit for _, unit in parts]
    meant = [_SECONDS.get(unit) for unit in units]
    # A number without unit stands alone ("1h30" could be minutes or seconds), and no unit comes twice.
    if not parts or None in meant or len(set(meant)) < len(meant) or ("" in units and len(units) > 1):
        raise ValueError(f"{said(text)} is not a duration: write 30s, 2m, 1h30m or 500ms (a plain number is seconds)")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds > MAX_DURATION:
        raise ValueError(f"{said(text)} is longer than a year: write for example 30s, 10m or 2h")
    return round(seconds, 6)


def parse_size(text: str) -> int:
    """Bytes. Raises ValueError, with an example in its text, for anything that is no size up to 1 TB."""
    parts = _parts(text)
    if len(parts) != 1 or parts[0][1] not in _BYTES:
        raise ValueError(f"{said(text)} is not a size: write 10MB, 512KiB or 1g (a plain number is bytes)")
    size = int(float(parts[0][0]) * _BYTES[parts[0][1]])
    if size > MAX_SIZE:
        raise ValueError(f"{said(text)} is more than 1 TB: write for example 10MB or 1g")
    return size


def _parts(text: str) -> list[tuple[str, str]]:
    """Numbers with their units in lower case; nothing when anything else stands between them."""
    text = text.strip().lower()
    parts, position = [], 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            return []
        parts.append((part[1], part[2]))
        position = part.end()
    return parts


def duration_text(seconds: float) -> str:
    """The shortest way to write a duration down: 90.0 is 1m30s. `parse_duration` reads it back to the millisecond."""
    left = round(seconds * 1000)
    out = ""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, size)
        out += f"{count}{unit}" if count else ""
    return out or "0s"


def size_text(size: int) -> str:
    """10000000 is 10MB; sizes that no thousands fit stay plain bytes."""
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 1000)):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)
