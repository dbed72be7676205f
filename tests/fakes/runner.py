"""Runners that misbehave on purpose, named after how: the keeper must keep its promises over each of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from supervisor.errors import StartRefused, StillAlive
from supervisor.model.bots import StopPolicy
from supervisor.model.runs import Exit, Handle, RunId
from supervisor.runners.protocol import LogSink, StartOrder, Traits


@dataclass
class Live:
    order: StartOrder
    sink: LogSink
    over: asyncio.Future[Exit]

    def say(self, line: str) -> None:
        self.sink.write("stderr", line.encode() + b"\n")

    def end(self, how: Exit) -> None:
        if not self.over.done():
            self.over.set_result(how)


@dataclass
class FakeRunner:
    """Starts and stops at once, keeps count, and is the referee: two live runs of one token are an error."""

    stop_takes: float = 0.0
    refuse: StartRefused | None = None
    unkillable: int = 0
    blind: int = 0
    dies_after: float | None = None
    live: dict[RunId, Live] = field(default_factory=dict)
    started: list[tuple[float, RunId]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    traits: Traits = field(default_factory=lambda: Traits(outlives_daemon=False, adopts=False))

    async def start(self, order: StartOrder, sink: LogSink) -> Handle:
        if self.refuse is not None:
            raise self.refuse
        loop = asyncio.get_running_loop()
        token = order.spec.token.id
        if any(other.order.spec.token.id == token for other in self.live.values()):
            self.broken.append(f"two runs of {token}")
        run = Live(order, sink, loop.create_future())
        self.live[order.run] = run
        self.started.append((round(loop.time(), 3), order.run))
        if self.dies_after is not None:
            loop.call_later(self.dies_after, run.end, Exit(1))
        return Handle("process", order.run, {"pid": 1000 + order.run.number})

    async def wait(self, handle: Handle) -> Exit:
        run = self.live[handle.run]
        how = await asyncio.shield(run.over)
        if self.unkillable:
            self.unkillable -= 1
            raise StillAlive([7])
        if self.blind:
            self.blind -= 1
            raise OSError(24, "Too many open files")
        self.live.pop(handle.run, None)
        return how

    async def stop(self, handle: Handle, how: StopPolicy) -> Exit:
        run = self.live.get(handle.run)
        if run is None:
            return Exit(0)
        await asyncio.sleep(min(self.stop_takes, how.grace))
        run.end(Exit(None, signal=15))
        return run.over.result()

    async def sweep(self) -> list[int]:
        return []

    async def close(self) -> None:
        pass

    def only(self) -> Live:
        [run] = self.live.values()
        return run
