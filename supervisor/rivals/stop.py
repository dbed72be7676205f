"""Ending rivals for good: whoever keeps one alive is told, so that it does not come back. Says what was done.

A rival that is not `sure` is left alone and named: only a person can know whether it is meant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from supervisor.model.rivals import OwnerKind, Rival
from supervisor.rivals.commands import Run, environment, words_of
from supervisor.rivals.containers import Engine
from supervisor.rivals.ending import Ending, gone

_BY_COMMAND = frozenset({OwnerKind.PM2, OwnerKind.SYSTEMD, OwnerKind.SUPERVISORD, OwnerKind.BOTCTL})
_LATER = {
    OwnerKind.PM2: "`pm2 save` makes it last over a reboot",
    OwnerKind.SUPERVISORD: "it stays stopped until supervisord itself starts anew (autostart=false keeps it off)",
    OwnerKind.CRON: "cron starts it again at its next time: take its line out of the crontab",
}


@dataclass(frozen=True, slots=True)
class Stopper:
    """`timeout` is for one command, in seconds; `spared` pids are never signalled."""

    run: Run
    engine: Engine
    spared: frozenset[int]
    timeout: float = 30.0
    ending: Ending = field(default_factory=Ending)

    async def stop(self, rivals: Sequence[Rival]) -> tuple[str, ...]:
        """One sentence a rival; never raises for one that cannot be stopped."""
        return tuple([await self._stop(rival) for rival in rivals])

    async def _stop(self, rival: Rival) -> str:
        who = _name(rival)
        by_hand = " && ".join(rival.owner.stop)
        if not rival.sure:
            return f"{who}: left alone, for it only {rival.proof}" + (f"; to stop it: {by_hand}" if by_hand else "")
        trouble = await self._end(rival)
        if trouble:
            return f"{who}: NOT stopped: {trouble}" + (f"; by hand: {by_hand}" if by_hand else "")
        later = _LATER.get(rival.owner.kind, "")
        return f"{who}: stopped" + (f"; {later}" if later else "")

    async def _end(self, rival: Rival) -> str:
        """ "" when it is gone, else why not."""
        kind = rival.owner.kind
        if kind is OwnerKind.DOCKER:
            if rival.owner.name.startswith("service "):
                return "a swarm service is stopped on its manager"
            trouble = await asyncio.to_thread(self.engine.end, rival.container)
        elif kind in _BY_COMMAND:
            trouble = await self._tell_keeper(rival)
        else:
            return await self.ending.end(rival.family, self.spared)
        if trouble:
            return trouble
        return "" if await gone(rival.family, self.ending.grace) else "its keeper was told, yet it still runs"

    async def _tell_keeper(self, rival: Rival) -> str:
        """Run its commands in order; one that fails is told of only if the program outlives them all."""
        if not rival.owner.stop:
            return f"it is not known how to reach its keeper ({rival.owner})"
        failures = []
        for command in rival.owner.stop:
            try:
                code, output = await self.run(words_of(command), environment(), self.timeout)
            except TimeoutError:
                failures.append(f"`{command}` took more than {self.timeout:.0f} s")
            except OSError as error:
                failures.append(f"`{command}` could not be run: {error.strerror or error}")
            else:
                if code:
                    failures.append(f"`{command}` ended with {code}: {_last_line(output)}")
        if failures and not await gone(rival.family, 0.0):
            return "; ".join(failures)
        return ""


def _name(rival: Rival) -> str:
    what = f"container {rival.container}" if rival.container else f"pid {rival.pid}"
    return f"{what} ({rival.owner})" if rival.owner.kind is not OwnerKind.UNKNOWN else f"{what} ({rival.command})"


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it wrote nothing"
