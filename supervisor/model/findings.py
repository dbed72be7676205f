"""What a check of the doctor found: a level, the evidence for it, and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    """`UNKNOWN` is "could not tell": never read it as `OK`."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `bot` is "" for what concerns the host or the whole fleet.

    `evidence` is what was seen, no more; `remedy` is a command, or a sentence where no command can do it. Neither
    ever holds a token.
    """

    check: str
    bot: str
    level: Level
    evidence: str
    remedy: str = ""

    def as_json(self) -> dict[str, object]:
        return asdict(self)
