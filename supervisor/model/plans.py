"""An edit of bots.yaml as data: what differs for each bot, and what that does to it.

The same shape answers "what would happen" (`botctl plan`) and "what was done" (`botctl reload`). An edit with
problems has no changes at all: a broken file never half applies.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


class Effect(StrEnum):
    """What becomes of the bot's run; `ADOPTS` is a change of policy under a run that goes on."""

    STARTS = "starts"
    STOPS = "stops"
    RESTARTS = "restarts"
    ADOPTS = "adopts in place"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Change:
    """One bot's part of an edit; `fields` are its keys in bots.yaml that differ, never their values."""

    bot: str
    kind: ChangeKind
    fields: tuple[str, ...] = ()
    effect: Effect = Effect.NOTHING


@dataclass(frozen=True, slots=True)
class Reload:
    """The whole edit. With `problems` nothing was (or would be) applied; all texts are for people."""

    changes: tuple[Change, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        return asdict(self)
