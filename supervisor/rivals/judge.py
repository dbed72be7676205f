"""Who of the suspects is called a rival, and how sure that is. Pure.

Evidence from strong to weak: an open connection to the API host; the token given to this very program; a token that
everything below some shell or keeper has; a `.env` in its folder. A wrong accusation costs a person more than a late
one: what polls is connected nearly all the time, so it is seen at the next look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from supervisor.model.rivals import OwnerKind, Rival, TokenPlace

_SERVICES = frozenset({OwnerKind.PM2, OwnerKind.SYSTEMD, OwnerKind.SUPERVISORD, OwnerKind.DOCKER})
"""Keepers of programs that are meant to run for good, unlike what somebody tries in a terminal."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A program that has the token. `inherited` and `alone` are as in a `Suspect`."""

    rival: Rival
    inherited: bool = False
    alone: bool = True


def judge(charges: Sequence[Charge]) -> tuple[tuple[Rival, ...], tuple[Rival, ...]]:
    """The rivals, the surest first, and those that merely have the token."""
    anybody = any(charge.rival.connected for charge in charges)
    accused, spared = [], []
    for charge in charges:
        sure = _how_sure(charge, somebody_else=anybody and not charge.rival.connected)
        if sure is None:
            spared.append(charge.rival)
        else:
            accused.append(replace(charge.rival, sure=sure))
    accused.sort(key=lambda rival: (not rival.connected, not rival.sure, rival.since, rival.pid))
    return tuple(accused), tuple(spared)


def _how_sure(charge: Charge, *, somebody_else: bool) -> bool | None:
    """None: not accused. `somebody_else` has the token and a connection, which explains a conflict better."""
    rival = charge.rival
    if rival.place is TokenPlace.ENV_FILE:
        if rival.connected:
            return charge.alone
        return False if charge.alone and rival.owner.kind in _SERVICES else None
    if rival.connected or rival.owner.kind is OwnerKind.BOTCTL:
        return True
    service = rival.owner.kind in _SERVICES
    if charge.inherited:
        return False if service else None
    given = service or rival.place is TokenPlace.COMMAND_LINE
    return given and not somebody_else
