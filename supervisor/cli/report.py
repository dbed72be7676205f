"""The findings of `botctl doctor` for the eye and for programs. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from supervisor.cli.terminal import harmless, paint
from supervisor.model.findings import Finding, Level

WORD = {Level.OK: "ok", Level.WARNING: "warning", Level.PROBLEM: "PROBLEM", Level.UNKNOWN: "could not tell"}
COLOUR = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red", Level.UNKNOWN: "blue"}
_WIDE = max(map(len, WORD.values()))
_NARROWEST = 60


def lines(found: Sequence[Finding], *, width: int | None, colours: bool) -> list[str]:
    """A block for the host and one for each bot, then how many there are of each level."""
    told: list[str] = []
    check = max((len(each.check) for each in found), default=0)
    for bot in dict.fromkeys(each.bot for each in found):
        told += [*([""] if told else []), paint(bot or "this machine", "bold", colours=colours)]
        for each in found:
            if each.bot == bot:
                told += _lines(each, check, width, colours=colours)
    return [*told, "", _summary(found, colours=colours)]


def _lines(finding: Finding, check: int, width: int | None, *, colours: bool) -> list[str]:
    word = paint(f"{WORD[finding.level]:<{_WIDE}}", COLOUR[finding.level], colours=colours)
    indent = 2 + _WIDE + 2 + check + 2
    first, *rest = _wrapped(harmless(finding.evidence), indent, width)
    told = [f"  {word}  {finding.check:<{check}}  {first}", *(" " * indent + line for line in rest)]
    if finding.remedy:
        # Never wrapped: it is to be copied.
        told.append(" " * indent + paint(f"-> {harmless(finding.remedy)}", "bold", colours=colours))
    return told


def _wrapped(text: str, indent: int, width: int | None) -> list[str]:
    if width is None:
        return [text]
    return textwrap.wrap(text, max(width - indent, _NARROWEST), break_long_words=False) or [""]


def _summary(found: Sequence[Finding], *, colours: bool) -> str:
    plural = {Level.PROBLEM: "problem", Level.WARNING: "warning"}
    parts = []
    for level in (Level.PROBLEM, Level.WARNING, Level.UNKNOWN, Level.OK):
        count = sum(each.level is level for each in found)
        if count:
            name = f"{plural[level]}{'s' if count != 1 else ''}" if level in plural else WORD[level]
            parts.append(paint(f"{count} {name}", COLOUR[level], colours=colours))
    return ", ".join(parts)


def as_json(found: Sequence[Finding]) -> dict[str, object]:
    """The contract of `doctor --json`; keys may be added, never renamed or removed."""
    counts = {str(level): sum(each.level is level for each in found) for level in Level}
    return {"findings": [each.as_json() for each in found], "counts": counts}
