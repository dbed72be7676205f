"""The door of this room: who else on this host has these tokens, and ending them.

Looking is done in threads and has a deadline: a bot's start must not hang on a dead network mount.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from supervisor.model.rivals import Rival, Sighting
from supervisor.rivals.addresses import Addresses
from supervisor.rivals.callers import Address
from supervisor.rivals.charges import Case, Clerk
from supervisor.rivals.commands import Run, environment
from supervisor.rivals.containers import Container, Engine
from supervisor.rivals.judge import judge
from supervisor.rivals.shared import Shared
from supervisor.rivals.stop import Stopper
from supervisor.rivals.survey import Survey, line_of, take_survey
from supervisor.rivals.suspects import kin_of_runs, select
from supervisor.rivals.tmux import with_session_name

_PATIENCE = 10.0
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Glance:
    """The host at one moment."""

    survey: Survey
    containers: tuple[Container, ...]
    unread: tuple[str, ...]
    kin: frozenset[int]


class HostEyes:
    """Looks at this host for one fleet.

    `fleet_id` is the first part of the mark of our own runs, "" when there is none yet; `redact` takes secrets out of
    command lines; `run` runs keepers' commands; `spared` are pids (a supervisor's) that, with what started them, are
    nobody's rivals beside this process.
    """

    def __init__(self, fleet_id: str, redact: Callable[[str], str], run: Run, *, spared: Iterable[int] = ()) -> None:
        self._fleet = fleet_id
        self._clerk = Clerk(redact)
        self._run = run
        self._spared = tuple(spared)
        self._engine = Engine()
        self._addresses = Addresses()
        self._glances = Shared(self._glance)

    async def sight(
        self, tokens: Mapping[int, str], api_urls: Mapping[int, str] | None = None, *, anew: bool = False
    ) -> Sighting:
        """Other users of `tokens` (whole tokens by bot id). `api_urls` tell where a poller's connection leads to.

        One look serves everybody who asks within a second or two; `anew` wants one begun now. Never raises: what
        could not be done is in `unread`.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._sight(tokens, api_urls or {}, anew)
        except TimeoutError:
            return Sighting(unread=(f"looking at this host took more than {_PATIENCE:.0f} s and was given up",))
        except OSError as error:
            return Sighting(unread=(f"the process table could not be read: {error.strerror or error}",))

    async def stop(self, rivals: Sequence[Rival]) -> tuple[str, ...]:
        """End those that are `sure`, through whoever keeps them; a sentence for each."""
        spared = line_of(os.getpid(), (await self._glances.get()).survey.processes)
        return await Stopper(self._run, self._engine, spared | frozenset(self._spared)).stop(rivals)

    async def _sight(self, tokens: Mapping[int, str], api_urls: Mapping[int, str], anew: bool) -> Sighting:
        glance = await self._glances.get(anew=anew)
        cases = []
        for bot_id, token in tokens.items():
            addresses = await self._addresses.of(api_urls[bot_id]) if bot_id in api_urls else frozenset[Address]()
            cases.append(Case(bot_id, token.partition(":")[2].encode(), addresses, self._fleet))
        rivals, also = await asyncio.to_thread(self._judge_all, cases, glance)
        named = [await with_session_name(rival, self._run, environment()) for rival in rivals]
        return Sighting(tuple(named), glance.unread, also)

    def _glance(self) -> Glance:
        survey = take_survey()
        containers, unread = self._engine.look()
        kin = kin_of_runs(survey, self._fleet, self._spared)
        return Glance(survey, containers, survey.unread + unread, kin)

    def _judge_all(self, cases: Sequence[Case], glance: Glance) -> tuple[list[Rival], tuple[str, ...]]:
        rivals: list[Rival] = []
        bystanders: dict[int, str] = {}
        for case in cases:
            selection = select(glance.survey, case.bot_id, case.secret, glance.kin)
            accused, spared = judge(self._clerk.write(case, glance.survey, selection.suspects, glance.containers))
            rivals += accused
            bystanders |= {each.pid: each.name for each in selection.bystanders}
            bystanders |= {each.pid: each.command.partition(" ")[0] for each in spared if each.place.proves}
        return rivals, _about(bystanders)


def _about(bystanders: Mapping[int, str]) -> tuple[str, ...]:
    if not bystanders:
        return ()
    named = [f"{name} ({pid})" for pid, name in sorted(bystanders.items())]
    rest = len(named) - _MOST_NAMED
    names = ", ".join(named[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
    return (f"also have the token, as whatever is started where it was exported, and are no pollers: {names}",)
