"""A supervisor small enough to be killed: `lone_supervisor.py FLEET guard|bare`; prints pids, then waits."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from supervisor.model.runs import RunId
from supervisor.runners.guard import start_guard
from supervisor.runners.process import ProcessRunner
from supervisor.runners.protocol import StartOrder
from supervisor.runners.reaper import Reaper
from tests.contract.stage import Lines, spec

WRAPPER = "setsid sh -c 'trap \"\" TERM; echo grandchild $$; exec sleep 1000' & echo leader $$; wait"


async def main(fleet: str, how: str) -> None:
    guard = start_guard(fleet, "life1") if how != "bare" else None
    reaper = Reaper()
    reaper.install()
    runner = ProcessRunner(fleet, "life1", reaper)
    sink = Lines()
    order = StartOrder(RunId("news", 1), spec("sh", "-c", WRAPPER), {"PATH": "/usr/bin:/bin"})
    await runner.start(order, sink)
    print("grandchild", await sink.line("grandchild"), flush=True)
    print("leader", await sink.line("leader"), flush=True)
    print("guard", guard.pid if guard else 0, flush=True)
    if how == "release" and guard is not None:
        await guard.leave(reaper)
        print("released", flush=True)
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1], sys.argv[2]))
