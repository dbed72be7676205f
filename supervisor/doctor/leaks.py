"""Tokens where none should be: our stored logs, histories of shells, pm2's dump, command lines, git.

Owns the shape of what was found and what is said about it; how each place is read is next door. Bot ids only are
ever told; the secrets are compared in memory and forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from supervisor.doctor.patient import Visit
from supervisor.model.findings import Finding, Level

SHAPE = re.compile(rb"(?<![0-9])([0-9]{6,20})(?::|%3[Aa])([A-Za-z0-9_-]{30,64})(?![A-Za-z0-9_-])")
"""An address with a token in it has `bot` before the digits."""


class Place(StrEnum):
    LOGS = "stored logs"
    HISTORY = "shell history"
    PM2 = "pm2 dump"
    COMMAND_LINE = "command line"
    GIT = "git history"


@dataclass(frozen=True, slots=True)
class Leak:
    """A token of bot `bot_id` lies at `where`. `current`: the one of bots.yaml. `wide`: others can get at it."""

    bot_id: int
    place: Place
    where: str
    current: bool
    wide: bool = False
    remedy: str = ""


class Known:
    """The tokens of bots.yaml, to compare with; shows none."""

    def __init__(self, tokens: Mapping[int, str]) -> None:
        self._halves = {bot_id: token.partition(":")[2].encode() for bot_id, token in tokens.items()}

    def __repr__(self) -> str:
        return f"Known({sorted(self._halves)})"

    @property
    def ids(self) -> frozenset[int]:
        return frozenset(self._halves)

    def is_current(self, bot_id: int, secret: bytes) -> bool:
        return self._halves.get(bot_id) == secret

    def found_in(self, data: bytes) -> dict[int, bool]:
        """Bot ids of the fleet with a token in `data`, and whether it is the current one for any of them."""
        found: dict[int, bool] = {}
        for digits, secret in SHAPE.findall(data):
            bot_id = int(digits)
            if bot_id in self._halves:
                found[bot_id] = found.get(bot_id, False) or self.is_current(bot_id, secret)
        return found


def known_tokens(visit: Visit) -> Known:
    return Known({bot.token_id: bot.run.token.reveal() for bot in visit.fleet})


def judge_leaks(leaks: Iterable[Leak], names: Mapping[int, str]) -> list[Finding]:
    """A line for each bot and place, however often it was found there."""
    grouped: dict[tuple[int, Place, bool], list[Leak]] = {}
    for leak in leaks:
        grouped.setdefault((leak.bot_id, leak.place, leak.current), []).append(leak)
    return [_told(group, names.get(key[0], "")) for key, group in grouped.items()]


_REVOKE = "@BotFather, /revoke, choose the bot; put the new token where bots.yaml takes it from"


def _told(group: list[Leak], bot: str) -> Finding:
    first = group[0]
    where = ", ".join(dict.fromkeys(leak.where for leak in group[:4]))
    more = f" and {len(group) - 4} more" if len(group) > 4 else ""
    if not first.current:
        told = f"an older token of bot {first.bot_id} is in {where}{more}: harmless if it was revoked"
        return Finding(first.place, bot, Level.WARNING, told, first.remedy or _REVOKE)
    serious = first.place is Place.LOGS or any(leak.wide for leak in group)
    told = f"the token of bot {first.bot_id} is in {where}{more}"
    if any(leak.wide for leak in group):
        told += ", where others can read it"
    own = f"{first.remedy}; " if first.remedy else ""
    return Finding(first.place, bot, Level.PROBLEM if serious else Level.WARNING, told, own + _REVOKE)
