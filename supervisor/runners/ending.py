"""Bringing one run to its end: ask, wait for events, kill, and look again until a scan finds nothing of it.

Two things begin an end: the leader ends by itself, and then its leftovers have a short grace; or somebody
says stop, and then everything has the grace of that order. It restarts nothing and knows no pipes.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass

from supervisor.errors import StillAlive
from supervisor.model.bots import StopPolicy
from supervisor.runners.marks import Mark
from supervisor.runners.pins import Pin
from supervisor.runners.procfs import Process, descendants
from supervisor.runners.proctable import ProcessTable

_BLINDNESS = 0.2


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: for leftovers of a leader that ended by itself, and between SIGKILL and StillAlive."""

    leftovers: float = 5.0
    after_kill: float = 10.0


class Ending:
    """One per run, from its start on; `ended` is the reaper's future for the leader, `lease` the inherited file."""

    def __init__(
        self,
        mark: Mark,
        pid: int,
        started: float,
        ended: asyncio.Future[int],
        table: ProcessTable,
        patience: Patience,
        lease: tuple[int, int] | None = None,
    ) -> None:
        self._mark = mark
        self._pid = pid
        self._started = started
        self._ended = ended
        self._table = table
        self._patience = patience
        self._lease = lease
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._pins: dict[tuple[int, float], Pin] = {}
        self._known: set[tuple[int, float]] = set()
        self._asked: set[tuple[int, float]] = set()
        self._behind: set[tuple[int, float]] = set()
        self._order: StopPolicy | None = None
        self._group_asked = False
        self._kill_at: float | None = None
        ended.add_done_callback(lambda _: self._news.set())

    def hurry(self, order: StopPolicy) -> None:
        """Ask everything to end; a later order can only make the time shorter."""
        kill_at = self._loop.time() + order.grace
        if self._kill_at is None or kill_at < self._kill_at:
            self._kill_at = kill_at
        if self._order is None:
            self._order = order
            if not self._ended.done():
                # Who hides (no mark, no group of ours) is found through its parents only, and those end first.
                self._known.update(process.identity for process in descendants(self._pid))
            if order.grace > 0:
                self._group_asked = self._signal_group(order.signal)
                self._signal_group(signal.SIGCONT)
        self._news.set()

    async def finish(self) -> int:
        """Returns when nothing is left: how many outlived a leader that ended by itself, or had to be killed.

        Raises StillAlive; calling again tries again.
        """
        give_up_at: float | None = None
        try:
            while self._order is None and not self._ended.done():
                await self._hear(None)
            while (members := await self._look()) is not None:
                now = self._loop.time()
                if self._kill_at is None:
                    self._kill_at = now + self._patience.leftovers
                if now < self._kill_at:
                    self._ask(members)
                    await self._hear(self._kill_at)
                    continue
                if give_up_at is None:
                    give_up_at = now + self._patience.after_kill
                elif now >= give_up_at:
                    raise StillAlive(sorted(process.pid for process in members) or [self._pid])
                self._kill(members)
                await self._hear(give_up_at)
            return len(self._behind)
        finally:
            for pin in self._pins.values():
                pin.close()
            self._pins.clear()

    async def _look(self) -> list[Process] | None:
        """What is left of the run (nothing but a leader about to be reaped: an empty list); None when it is over."""
        self._news.clear()
        ended = self._ended.done()
        try:
            snapshot = await self._table.scan()
        except OSError:  # out of descriptors: nothing is proved, look again until the time is over
            await asyncio.sleep(_BLINDNESS)
            return []
        members = snapshot.members(self._mark, (self._pid, self._started), self._known, self._lease)
        self._known.update(process.identity for process in members)
        return members or (None if ended else [])

    async def _hear(self, until: float | None) -> None:
        """Wait for the end of all that we know, for an order that changes the time, or for the time itself."""
        kill_at = self._kill_at
        late = asyncio.Event()

        def time_is_up() -> None:
            late.set()
            self._news.set()

        timer = None if until is None else self._loop.call_at(until, time_is_up)
        try:
            while not (self._ended.done() and not self._pins) and self._kill_at == kill_at and not late.is_set():
                await self._news.wait()
                self._news.clear()
        finally:
            if timer is not None:
                timer.cancel()

    def _ask(self, members: list[Process]) -> None:
        number = self._order.signal if self._order is not None else signal.SIGTERM
        for process in members:
            pin = self._pin(process)
            if pin is None or process.identity in self._asked:
                continue
            self._asked.add(process.identity)
            if self._group_asked and process.pgid == self._pid:
                continue  # it had the signal with its group; a second one means "at once" to many programs
            if pin.send(number) and self._order is None:
                self._behind.add(process.identity)
            pin.send(signal.SIGCONT)
        self._group_asked = False

    def _kill(self, members: list[Process]) -> None:
        """The group in one call first: a fork either happens before it or not at all (fork(2) and kill(2))."""
        self._signal_group(signal.SIGKILL, sure=any(process.pgid == self._pid for process in members))
        for process in members:
            pin = self._pin(process)
            if pin is not None and pin.send(signal.SIGKILL):
                self._behind.add(process.identity)

    def _pin(self, process: Process) -> Pin | None:
        """None for the leader while it is not reaped: its pid is safe then, and the reaper tells of its end."""
        if process.pid == self._pid and not self._ended.done():
            return None
        pin = self._pins.get(process.identity)
        if pin is None:
            pin = self._pins[process.identity] = Pin(process, self._lost)
        return pin

    def _lost(self, pin: Pin) -> None:
        self._pins.pop(pin.process.identity, None)
        if not self._pins:
            self._news.set()

    def _signal_group(self, number: int, *, sure: bool = False) -> bool:
        """The group's number is ours as long as the leader is not reaped, or (`sure`) a member was just seen."""
        if self._ended.done() and not sure:
            return False
        try:
            os.killpg(self._pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True
