"""Labelled log lines, and how a reader does on them.

captured.jsonl: printed by the real libraries against a loopback imitation of the Bot API; the host, the token and
install paths were changed afterwards. heldout.jsonl: written after the libraries' sources and public reports, none
of it a row of the other. The larger corpus stands outside the repository and is scored where it is found.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.model.signs import Sign

HERE = Path(__file__).parent
CAPTURED = HERE / "captured.jsonl"
HELDOUT = HERE / "heldout.jsonl"
SHARED = HERE.parent.parent.parent / "shared" / "conflict-corpus.jsonl"


@dataclass
class Row:
    kind: str
    library: str
    line: str


@dataclass
class Score:
    """What a reader made of rows. The rates are shares of one."""

    conflicts: int = 0
    missed: list[Row] = field(default_factory=list)
    wrong_reason: list[Row] = field(default_factory=list)
    others: int = 0
    false_conflicts: list[Row] = field(default_factory=list)
    other_kinds: int = 0
    other_missed: list[Row] = field(default_factory=list)
    silent: int = 0
    false_signs: list[Row] = field(default_factory=list)
    repeated: list[Row] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / self.conflicts

    @property
    def reasons(self) -> float:
        return 1 - (len(self.missed) + len(self.wrong_reason)) / self.conflicts

    @property
    def false_alarms(self) -> float:
        return len(self.false_conflicts) / self.others

    @property
    def other_recall(self) -> float:
        return 1 - len(self.other_missed) / self.other_kinds


def rows(path: Path) -> list[Row]:
    """The labelled rows of `path`, without the ambiguous ones."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Row(row["class"], row["library"], row["line"]) for row in found if row["class"] != "ambiguous"]


def score(path: Path, read: Callable[[str], list[Sign]]) -> Score:
    result = Score()
    for row in rows(path):
        _count(result, row, [sign.kind.value for sign in read(row.line)])
    return result


def _count(result: Score, row: Row, kinds: list[str]) -> None:
    conflict = next((kind for kind in kinds if kind.startswith("conflict.")), None)
    if len(kinds) > 1:
        result.repeated.append(row)
    if row.kind.startswith("conflict."):
        result.conflicts += 1
        if conflict is None:
            result.missed.append(row)
        elif row.kind not in kinds:
            result.wrong_reason.append(row)
        return
    result.others += 1
    if conflict is not None:
        result.false_conflicts.append(row)
    if row.kind == "none":
        result.silent += 1
        if kinds:
            result.false_signs.append(row)
    else:
        result.other_kinds += 1
        if row.kind not in kinds:
            result.other_missed.append(row)
