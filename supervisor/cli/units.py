"""Numbers as people read and write them: `2h 5m`, `48 MB`, `10m`, `2026-11-03 09:15`."""

from __future__ import annotations

import re

_STEPS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def duration(seconds: float) -> str:
    """The two largest units: `42s`, `5m 3s`, `2h 5m`, `12d 1h`."""
    rest = max(int(seconds), 0)
    parts = []
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, length)
        parts.append((count, unit))
    first = next((at for at, (count, _) in enumerate(parts) if count), 3)
    return " ".join(f"{count}{unit}" for count, unit in parts[first : first + 2] if count) or "0s"


def size(count: float) -> str:
    """Decimal units, as in bots.yaml: `812 kB`, `48 MB`, `1.2 GB`."""
    for unit in ("B", "kB", "MB"):
        if count < 999.5:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def clock(at: float) -> str:
    """Unix seconds as local date and time."""
    from datetime import datetime

    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}"


def seconds_in(text: str) -> float | None:
    """`90`, `90s`, `10m`, `1h30m`, `2d` as seconds; None when `text` is not a duration."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(r"(\d+(\.\d+)?[smhdw])+", text):
        return None
    return sum(float(number) * _STEPS[unit] for number, unit in re.findall(r"([\d.]+)([smhdw])", text))


def moment(text: str, now: float) -> float | None:
    """`10m` (ago) or an ISO 8601 time (local without a zone) as Unix seconds; None when it is neither."""
    from datetime import datetime

    ago = seconds_in(text)
    if ago is not None:
        return now - ago
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        return None
