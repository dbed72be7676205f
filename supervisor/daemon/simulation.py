"""The simulator inside the supervisor, where bots.yaml says `api_url: simulator`; and the demo's rival."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from supervisor.keep.roster import Roster
from supervisor.model.bots import SIMULATOR, BotSpec, Fleet, Mode
from supervisor.model.status import Phase

log = logging.getLogger(__name__)

RIVAL_AFTER = 5.0
RIVAL_SECONDS = 14.0
"""Long enough to be met again after the first, short wait of the demo's bot, and gone at the second."""


class Simulation:
    """Starts the simulator when a fleet first asks for it; later fleets use the same one."""

    def __init__(self) -> None:
        self._simulator: object | None = None
        self.url = ""

    async def settle(self, fleet: Fleet) -> Fleet:
        """The fleet with the simulator's address where it says `simulator`."""
        if fleet.api_url != SIMULATOR and not any(spec.run.api_url == SIMULATOR for spec in fleet):
            return fleet
        if not self.url:
            from supervisor.simulator.server import Simulator

            simulator = Simulator()
            self.url = await simulator.start()
            self._simulator = simulator
            log.warning("SIMULATED: bots talk to an imitation of Telegram at %s, not to Telegram", self.url)
        bots = {spec.name: _with_address(spec, self.url) for spec in fleet}
        return replace(fleet, bots=bots, api_url=self.url if fleet.api_url == SIMULATOR else fleet.api_url)

    async def close(self) -> None:
        from supervisor.simulator.server import Simulator

        if isinstance(self._simulator, Simulator):
            await self._simulator.stop()


def _with_address(spec: BotSpec, url: str) -> BotSpec:
    return replace(spec, run=replace(spec.run, api_url=url)) if spec.run.api_url == SIMULATOR else spec


async def demo_rival(roster: Roster, url: str) -> None:
    """Once the first worker is up, poll with its token for a few seconds, as a forgotten copy would."""
    import aiohttp

    worker = next(
        (k for k in roster if (s := k.machine.facts.spec) and s.enabled and s.run.mode is Mode.WORKER), None
    )
    if worker is None or not url:
        log.warning("no demo conflict: it needs the simulator and an enabled worker")
        return
    await roster.until(lambda: worker.phase is Phase.UP)
    await asyncio.sleep(RIVAL_AFTER)
    spec = worker.machine.facts.spec
    if spec is None:
        return
    loop = asyncio.get_running_loop()
    end = loop.time() + RIVAL_SECONDS
    log.warning("DEMO: a rival polls with the token of %s for %g s", worker.name, RIVAL_SECONDS)
    async with aiohttp.ClientSession() as session:
        while (left := end - loop.time()) > 0:
            timeout = max(1, round(left))
            async with session.post(
                f"{url}/bot{spec.run.token.reveal()}/getUpdates", data={"timeout": timeout}
            ) as answer:
                await answer.read()
            await asyncio.sleep(min(3.0, max(0.0, end - loop.time())))
    log.warning("DEMO: the rival is gone")
