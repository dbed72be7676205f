"""A subreaper with a stranger's orphan; test_reaper.py runs it and reads what it prints."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from supervisor.runners.launch import Order, launch
from supervisor.runners.linux import become_subreaper
from supervisor.runners.procfs import read_process
from supervisor.runners.reaper import Reaper
from tests.contract.stage import reaped


async def main() -> None:
    assert become_subreaper()
    reaper = Reaper()
    reaper.install()
    parent = launch(Order(("sh", "-c", "sleep 1000 & echo $!"), Path("/"), {"PATH": "/usr/bin:/bin"}))
    await reaper.watch(parent.pid)
    orphan = int(os.read(parent.stdout, 100))
    found = read_process(orphan)
    assert found is not None
    assert found.ppid == os.getpid()
    print("adopted", flush=True)
    os.kill(orphan, signal.SIGKILL)
    await reaped(orphan)
    print("reaped", flush=True)


asyncio.run(main())
