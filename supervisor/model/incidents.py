"""Conflicts as people meet them: an incident with its steps, and a diagnosis with its evidence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class Cause(StrEnum):
    """What a diagnosis found; `UNKNOWN` is an honest answer."""

    RIVAL = "rival"
    INNER_LOOP = "inner_loop"
    WEBHOOK_RESET = "webhook_reset"
    OVERLAP = "overlap"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a bot is held: what was seen (`evidence`), what that does not tell (`unknown`), what to do (`remedy`)."""

    cause: Cause
    summary: str
    evidence: tuple[str, ...]
    unknown: tuple[str, ...]
    remedy: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class IncidentStep:
    """One step of healing: Unix seconds, what was done, and what came of it ("" while it is under way)."""

    at: float
    action: str
    result: str = ""


class Outcome(StrEnum):
    OPEN = "open"
    RECOVERED = "recovered"
    HELD = "held"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Incident:
    """One conflict from its first sign to its end; times are Unix seconds."""

    id: int
    bot: str
    bot_id: int
    sign: str
    opened: float
    closed: float | None
    outcome: Outcome
    signs: int
    steps: tuple[IncidentStep, ...]
    diagnosis: Diagnosis | None

    def as_json(self) -> dict[str, object]:
        return asdict(self)
