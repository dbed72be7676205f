"""All keepers by name: gives each bot of a fleet its keeper, tells them of edits, and lets go of those at rest.

No step orders bots: where a token moves from one bot to another, its lease makes the newcomer wait.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from supervisor.core import events as e
from supervisor.errors import StillAlive, SupervisorError
from supervisor.keep.keeper import Keeper
from supervisor.keep.services import KnowsContainers, Services
from supervisor.model.bots import Fleet, RunnerKind, StopPolicy
from supervisor.names import UnknownBot
from supervisor.runners.containers.engine import EngineError
from supervisor.runners.containers.labels import Ours, newest

log = logging.getLogger(__name__)


class Leaving(SupervisorError):
    """The supervisor is on its way out: it takes no more wishes."""

    def __init__(self) -> None:
        super().__init__("the supervisor is stopping its bots and then leaves; nothing is changed any more")


def _is_wanted(fleet: Fleet, found: Ours) -> bool:
    spec = fleet.bots.get(found.run.bot)
    return spec is not None and spec.token_id == found.token_id


async def _end(containers: KnowsContainers, found: Ours, fleet: Fleet) -> None:
    spec = fleet.bots.get(found.run.bot)
    log.info("ending the container %s, which an earlier life left and nobody wants", found.name)
    try:
        await containers.end(found, spec.policy.stop if spec else StopPolicy())
    except StillAlive as error:  # its token is not given to anybody while it lives
        log.error("%s", error)


class Roster:
    """The keepers of one supervisor."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._watchers: set[asyncio.Event] = set()
        self._keepers: dict[str, Keeper] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._leaving = False
        self._nobody = asyncio.Event()
        self._nobody.set()

    def __iter__(self) -> Iterator[Keeper]:
        return iter(list(self._keepers.values()))

    def keeper(self, name: str) -> Keeper:
        """Raises UnknownBot."""
        try:
            return self._keepers[name]
        except KeyError:
            raise UnknownBot(name, self._keepers) from None

    async def take_up(self, fleet: Fleet) -> None:
        """Before anything starts: containers of an earlier life go on as the runs of their bots, or are ended.

        What nobody wants any more ends here; what is wanted otherwise is its keeper's to replace.
        """
        containers = self._services.containers
        if containers is None:
            return
        try:
            left = await containers.left()
        except EngineError as error:
            if any(spec.run.runner is RunnerKind.DOCKER for spec in fleet):
                log.warning("containers of an earlier life, if any, could not be looked for: %s", error)
            return
        chosen = newest(left)
        wanted = {name: found for name, found in chosen.items() if _is_wanted(fleet, found)}
        ends = [_end(containers, each, fleet) for each in left if wanted.get(each.run.bot) is not each]
        await asyncio.gather(*ends)
        for name, found in wanted.items():
            wish = e.Wanted(fleet.bots[name], self._services.journal.paused(name))
            self._add(name, fleet).performer.take_up(containers, found, wish)

    def apply(self, fleet: Fleet) -> None:
        """Make `fleet` what is wanted. Removals first, so that tokens come free for those who wait.

        Raises Leaving once `leave` was called: an edit must not start again what is being stopped for good.
        """
        if self._leaving:
            raise Leaving
        for keeper in self:
            if keeper.name not in fleet.bots:
                keeper.tell(e.Unwanted("removed from bots.yaml"))
        for spec in fleet:
            keeper = self._keepers.get(spec.name) or self._add(spec.name, fleet)
            keeper.tell(e.Wanted(spec, self._services.journal.paused(spec.name)))

    def start(self, name: str) -> Keeper:
        keeper = self.keeper(name)
        self._services.journal.set_paused(name, False)
        keeper.tell(e.StartAsked())
        return keeper

    def stop(self, name: str) -> Keeper:
        """Stopped by hand, which is remembered over a restart of the supervisor."""
        keeper = self.keeper(name)
        self._services.journal.set_paused(name, True)
        keeper.tell(e.StopAsked())
        return keeper

    def restart(self, name: str) -> Keeper:
        keeper = self.keeper(name)
        self._services.journal.set_paused(name, False)
        keeper.tell(e.RestartAsked())
        return keeper

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait until `seen` is true; asked again whenever a bot's phase changed."""
        with self.changes() as changed:
            while not seen():
                changed.clear()
                await changed.wait()

    @contextmanager
    def changes(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever a bot's phase changed, or a bot came or went."""
        changed = asyncio.Event()
        self._watchers.add(changed)
        try:
            yield changed
        finally:
            self._watchers.discard(changed)

    async def leave(self, why: str) -> None:
        """Stop every bot; returns when nothing of any is left."""
        self._leaving = True
        for keeper in self:
            keeper.tell(e.Unwanted(why))
        await self._nobody.wait()
        await asyncio.gather(*self._closing)

    def upkeep(self) -> None:
        """What must be looked at now and then: leases whose files were removed, a journal that refused."""
        for keeper in self:
            keeper.performer.renew_lease()
        self._services.journal.retry()

    def hasten(self) -> None:
        for keeper in self:
            keeper.performer.hasten()

    def _add(self, name: str, fleet: Fleet) -> Keeper:
        keeper = Keeper(name, self._services, fleet.bots[name].policy.logs, self._note_change, self._release)
        self._keepers[name] = keeper
        self._nobody.clear()
        self._note_change()
        return keeper

    def _note_change(self, _: Keeper | None = None) -> None:
        for changed in self._watchers:
            changed.set()

    def _release(self, keeper: Keeper) -> None:
        if self._keepers.get(keeper.name) is not keeper:
            return
        del self._keepers[keeper.name]
        self._note_change()
        task = asyncio.get_running_loop().create_task(keeper.performer.close(), name=f"close {keeper.name}")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        if not self._keepers:
            self._nobody.set()
