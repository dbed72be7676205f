"""The small projects of tests/rivals/projects: one text file each, with what is to be said about it in its head.

`command:` starts it, `suspect: FILE :: TEXT :: ADVICE` and `normal: FILE :: TEXT` name each spot by a text that
occurs on its line, `-- FILE --` begins a file. The first suspect is to be the first spot told.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

PROJECTS = Path(__file__).parent / "projects"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One expected spot."""

    path: str
    line: int
    suspect: bool
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """One project as its archive tells it."""

    name: str
    command: tuple[str, ...]
    wanted: tuple[Wanted, ...]
    files: dict[str, str]

    def unpack(self, folder: Path) -> Path:
        for path, text in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return folder


def read(archive: Path) -> Project:
    head, *rest = re.split(r"(?m)^-- (.+) --\n", archive.read_text())
    files = dict(zip(rest[::2], rest[1::2], strict=True))
    command = re.search(r"(?m)^command:(.*)$", head)
    assert command, archive
    wanted = [_wanted(line, files) for line in head.splitlines() if re.match(r"suspect:|normal:", line)]
    return Project(archive.stem, tuple(shlex.split(command[1])), tuple(wanted), files)


def all_projects() -> list[Project]:
    return [read(archive) for archive in sorted(PROJECTS.glob("*.txt"))]


def _wanted(line: str, files: dict[str, str]) -> Wanted:
    kind, _, rest = line.partition(": ")
    path, text, *advice = rest.split(" :: ")
    if path not in files:
        return Wanted(path, 0, kind == "suspect", *advice)
    lines = [number for number, one in enumerate(files[path].splitlines(), 1) if text in one]
    assert len(lines) >= 1, (line, lines)
    return Wanted(path, lines[-1], kind == "suspect", *advice)
