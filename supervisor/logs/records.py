"""Cuts a log into records: a line with its traceback, its wrapped tail, its printed object.

Owns what belongs together, and nothing of what it means. No format is assumed: a line goes on with the record
before it when it is indented, closes a bracket, or ends a traceback.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from supervisor.logs.plain import colourless, frameless, unescaped, unprefixed

LONGEST = 64 * 1024
"""Characters of one record that are read; a sign stands near its start or, in a traceback, near its end."""

_GOES_ON = re.compile(
    r"[\s)\]}│|]|Traceback \(most|During handling of|The above exception was|Caused by:|Stack trace|stack backtrace"
)
_BROKEN = re.compile(r"conflict:\s[a-z](?![^\n]*(?:request|running|first)\b)[^\n;]{0,100}$", re.IGNORECASE)
"""A sentence that a terminal's edge broke: its next line begins anywhere, even inside a word."""

_CLOCK = re.compile(r"(?<!\d)([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class Record:
    """text: cleaned, frames taken out. clock: seconds since midnight by its own stamp, if it has one."""

    text: str
    clock: int | None


def records(text: str) -> Iterator[Record]:
    """The records of `text`, in order; blank ones are left out."""
    lines: list[str] = []
    in_traceback = False
    for raw in colourless(text).split("\n"):
        line = unprefixed(raw)
        goes_on = not line or _GOES_ON.match(line) is not None
        broken = lines and line[:1].isalpha() and _BROKEN.search(lines[-1]) is not None
        if lines and not goes_on and not in_traceback and not broken:
            yield from _record(lines)
            lines = []
        if line:
            in_traceback = line.lstrip(" |").startswith("Traceback (most") or (in_traceback and goes_on)
        lines.append(line)
    yield from _record(lines)


def goes_on(line: str) -> bool:
    """Whether `line` belongs to the record of the line before it, whatever that was."""
    return _GOES_ON.match(unprefixed(colourless(line))) is not None


def has_clock(line: str) -> bool:
    """Whether `line` begins with a stamp, as the first line of a record does."""
    return _CLOCK.search(line, 0, 64) is not None


def _record(lines: list[str]) -> Iterator[Record]:
    text = "\n".join(lines)
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + "\n" + text[-LONGEST // 2 :]
    text = frameless(unescaped(text))
    if text and not text.isspace():
        clock = _CLOCK.search(text, 0, 64)
        yield Record(text, _seconds(clock) if clock else None)


def _seconds(clock: re.Match[str]) -> int:
    return int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3])
