"""Reads a bot's folder for the places that start polling or set a webhook, and says which make two loops together.

A bounded look at text: it runs nothing, follows no links, and quotes no line of what it reads. Blocking; call it in
a thread. What it does not see: code that is made at run time, plug-ins loaded by name, files over the limits.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from supervisor.model.rivals import LoopSpot
from supervisor.rivals.source.found import FileFacts, Found, Kind
from supervisor.rivals.source.judge import Suspects, judge, order
from supervisor.rivals.source.launch import Start, read_start
from supervisor.rivals.source.python import read_python
from supervisor.rivals.source.reach import TEST, programs
from supervisor.rivals.source.strip import LANGUAGES
from supervisor.rivals.source.text import NEEDS, read_text
from supervisor.rivals.source.walk import Limits, Walk
from supervisor.rivals.source.words import advice, what

Met = Mapping[tuple[str, int, Kind], Found | None]
"""Suspect places, each with the polling that it meets."""

MOST = 40
"""Spots told, the likely culprits first."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The spots, how many files were read, and in words what was left out ("none found" is then no proof)."""

    spots: tuple[LoopSpot, ...]
    files: int
    unread: tuple[str, ...] = ()


def read_source(folder: Path, command: Sequence[str], *, limits: Limits | None = None) -> tuple[LoopSpot, ...]:
    """The spots of `folder`, started by `command` (() where an image decides); see `read_folder`."""
    return read_folder(folder, command, limits=limits).spots


def read_folder(folder: Path, command: Sequence[str], *, limits: Limits | None = None) -> Reading:
    """Likely culprits first, then what the program reaches, then the rest, tests last. Raises nothing for what it
    meets in the folder; a folder that is not there has no spots."""
    root = Path(os.path.realpath(folder))
    walk = Walk(root, limits or Limits())
    texts = dict(walk.texts())
    files = {}
    for path, text in texts.items():
        if walk.late:
            break
        if facts := _read(path, text):
            files[path] = facts
    start = read_start(_inside(command, root), texts)
    spots = _spots(files, start, _packages(files, texts))
    return Reading(spots[:MOST], len(texts), tuple(walk.cut))


def suspicious(spots: Iterable[LoopSpot]) -> bool:
    """Whether the source itself shows a way to two loops."""
    return any(spot.suspect for spot in spots)


def _inside(command: Sequence[str], root: Path) -> list[str]:
    """The command with the folder's own path taken off its words."""
    return [word.removeprefix(f"{root}/") for word in command]


def _read(path: str, text: str) -> FileFacts | None:
    language = LANGUAGES.get(posixpath.splitext(path)[1].lower())
    if language is None:
        return None
    return (read_python(path, text) if language == "python" else None) or read_text(path, text)


def _packages(files: Mapping[str, FileFacts], texts: Mapping[str, str]) -> str:
    """Every package the project names, as one text to look things up in."""
    names = {name for facts in files.values() for name in facts.libraries}
    return " ".join([*names, texts.get("package.json", ""), texts.get("deno.json", "")]).lower()


def _spots(files: Mapping[str, FileFacts], start: Start, packages: str) -> tuple[LoopSpot, ...]:
    for facts in files.values():
        facts.found = [one for one in facts.found if _fits(one, packages)]
    suspects: Suspects = {}
    reached: set[str] = set()
    known = [entry for entry in start.entries if entry in files]
    for program in programs(files, known):
        entry = next((path for path in known if path in program), None)
        own = [files[path] for path in sorted(program)]
        reached |= program
        for place, met in judge(own, entry, start.reached).items():
            suspects.setdefault(place, met)
    places = dict.fromkeys([one for facts in files.values() for one in facts.found])
    places |= dict.fromkeys([*start.reached, *start.beside])
    lines = {(one.path, one.line, one.kind): met for one, met in suspects.items()}
    places |= dict.fromkeys(one for one in suspects if one.kind is Kind.AGAIN)
    ranked = sorted(places, key=lambda one: _rank(one, lines, reached))
    told = (_spot(one, lines) for one in ranked)
    return tuple(dict.fromkeys(told))


def _fits(one: Found, packages: str) -> bool:
    return one.call not in NEEDS or any(name in packages for name in NEEDS[one.call])


def _key(one: Found) -> tuple[str, int, Kind]:
    return one.path, one.line, one.kind


def _rank(one: Found, suspects: Met, reached: set[str]) -> tuple[object, ...]:
    away = one.path.endswith(tuple(LANGUAGES)) and one.path not in reached
    return _key(one) not in suspects, bool(TEST.search(one.path)), away, order(one.kind), one.path, one.line


def _spot(one: Found, suspects: Met) -> LoopSpot:
    suspect = _key(one) in suspects
    return LoopSpot(one.path, one.line, what(one, suspects.get(_key(one))), advice(one, suspect=suspect), suspect)
