"""Collects what is wrong or doubtful, so that all of it can be said at once; keeps secrets out of it.

Everything that is said about a configuration passes through here, therefore this is where token-shaped text is
masked: no other room needs to remember it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from supervisor.config.tree import Place
from supervisor.model.problems import Problem

TOKEN_SHAPED = re.compile(r"(?<![0-9])([0-9]{6,}):[A-Za-z0-9_-]{20,}")
_BARE_HALF = re.compile(r"(?<![A-Za-z0-9_-])AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])")
"""The secret half of a token alone, as @BotFather makes them; it ends up as a key where the colon got a space."""

_SECRET_SHAPED = re.compile(r"[A-Za-z0-9_-]{30,}")
_LONGEST = 60


class Findings:
    """Problems make the file unusable, warnings do not. The same thing said twice counts once."""

    def __init__(self, *first: Path) -> None:
        self._first = first
        self._problems: dict[Problem, None] = {}
        self._warnings: dict[Problem, None] = {}

    def problem(self, place: Place, message: str) -> None:
        self._problems[_made(place, message)] = None

    def warn(self, place: Place, message: str) -> None:
        self._warnings[_made(place, message)] = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """File by file, the ones named `first` before others; each from top to bottom."""
        return self._in_order(self._problems)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return self._in_order(self._warnings)

    def _in_order(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        problems = tuple(problems)
        files = dict.fromkeys((*self._first, *(problem.file for problem in problems)))
        rank = {file: number for number, file in enumerate(files)}
        return tuple(sorted(problems, key=lambda problem: (rank[problem.file], problem.line, problem.column)))


def _made(place: Place, message: str) -> Problem:
    return Problem(place.file, place.line, place.column, _printable(place.field), _printable(message))


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in masked(text))


def masked(text: str) -> str:
    """`text` with the secret half of anything of a token's shape blotted out."""
    return _BARE_HALF.sub("***", TOKEN_SHAPED.sub(r"\1:***", text))


def said(text: str) -> str:
    """A value as the user wrote it, quoted; shortened, and without what may be a secret."""
    shown = _SECRET_SHAPED.sub("***", masked(text))
    return f'"{shown}"' if len(shown) <= _LONGEST else f'"{shown[:_LONGEST]}..."'
