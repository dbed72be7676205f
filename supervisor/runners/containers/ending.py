"""One container's way to its end: it ends by itself, or somebody says stop; and it is over when the engine says so.

What the engine does not answer is not known, and what is not known is not over. A paused container hears no signal,
so it is woken first. It reads no output and starts nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass
from typing import Any

from supervisor.errors import StillAlive
from supervisor.model.bots import StopPolicy
from supervisor.model.runs import Exit, RunId
from supervisor.runners.containers.engine import Clash, Engine, EngineError, Missing

_LOOK = 60.0
_AGAIN = 1.0
_SIGNALS = 128
"""Shells and init processes tell a death by signal n as the code 128 + n."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds between SIGKILL and StillAlive."""

    after_kill: float = 15.0


class Ending:
    """`wake` says that something may have happened; then it looks."""

    def __init__(self, engine: Engine, run: RunId, identity: str, name: str, patience: Patience) -> None:
        self.identity = identity
        self.name = name
        self._engine = engine
        self._run = run
        self._patience = patience
        self._news = asyncio.Event()
        self._order: StopPolicy | None = None
        self._kill_at: float | None = None
        self._asked = False
        self._unknown = ""

    def wake(self) -> None:
        self._news.set()

    def hurry(self, order: StopPolicy) -> None:
        """Ask it to end; a later order can only make the time shorter."""
        kill_at = asyncio.get_running_loop().time() + order.grace
        if self._kill_at is None or kill_at < self._kill_at:
            self._kill_at = kill_at
        self._order = self._order or order
        self._news.set()

    async def finish(self) -> Exit:
        """Returns when it runs no more. Raises StillAlive; calling again tries again."""
        loop = asyncio.get_running_loop()
        give_up_at: float | None = None
        while True:
            self._news.clear()
            if (ended := await self._look()) is not None:
                return ended
            until = loop.time() + (_AGAIN if self._unknown else _LOOK)
            if self._order is not None and self._kill_at is not None:
                now = loop.time()
                if now >= self._kill_at:
                    give_up_at = now + self._patience.after_kill if give_up_at is None else give_up_at
                    if now >= give_up_at:
                        raise StillAlive(
                            [], f"the container {self.name}" + (f" ({self._unknown})" if self._unknown else "")
                        )
                    await self._send(signal.SIGKILL)
                    until = min(give_up_at, now + _AGAIN)
                else:
                    await self._ask(self._order)
                    until = min(until, self._kill_at)
            await self._hear(until)

    async def remove(self) -> bool:
        """Make it vanish, whatever it does; False when it is not known whether it has."""
        for _ in range(3):
            try:
                await self._engine.call(lambda api: api.remove_container(self.identity, v=True, force=True))
            except Missing:
                return True
            except EngineError:  # its removal may be under way
                await self._hear(asyncio.get_running_loop().time() + _AGAIN)
                continue
            return True
        return False

    async def _look(self) -> Exit | None:
        """None while it runs, and while that is not known."""
        try:
            data = await self._engine.call(lambda api: api.inspect_container(self.identity))
        except Missing:
            return Exit(None)
        except EngineError as error:
            self._unknown = str(error)
            return None
        self._unknown = ""
        state = data["State"]
        if state["Status"] == "created":  # it was never started, and shall not be
            return Exit(None) if await self.remove() else None
        if state["Running"] or state["Restarting"]:
            return None
        return outcome(state, int((data.get("HostConfig") or {}).get("Memory") or 0))

    async def _ask(self, order: StopPolicy) -> None:
        if not self._asked and order.grace > 0:
            self._asked = await self._send(order.signal)

    async def _send(self, number: signal.Signals) -> bool:
        """Was it accepted, or is there nobody left to hear it?"""
        for _ in range(2):
            try:
                await self._engine.call(lambda api: api.kill(self.identity, int(number)))
            except (Missing, Clash) as error:
                if "paused" not in str(error).lower():
                    return True
                with contextlib.suppress(EngineError):
                    await self._engine.call(lambda api: api.unpause(self.identity))
            except EngineError as error:
                if "paused" not in str(error).lower():
                    self._unknown = str(error)
                    return False
                with contextlib.suppress(EngineError):
                    await self._engine.call(lambda api: api.unpause(self.identity))
            else:
                break
        # A paused container takes a signal and does not hear it.
        with contextlib.suppress(EngineError):
            data = await self._engine.call(lambda api: api.inspect_container(self.identity))
            if data["State"]["Paused"]:
                await self._engine.call(lambda api: api.unpause(self.identity))
        return True

    async def _hear(self, until: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._news.wait()


def outcome(state: dict[str, Any], memory: int) -> Exit:
    """How it ended, from the engine's `State`; `memory` is its limit in bytes."""
    code, oom = int(state["ExitCode"]), bool(state["OOMKilled"])
    limit = memory if oom else 0
    if code > _SIGNALS and code - _SIGNALS in list(signal.Signals):
        return Exit(None, signal=code - _SIGNALS, oom=oom, limit=limit)
    return Exit(code, oom=oom, limit=limit)
