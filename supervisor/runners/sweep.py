"""Ending what earlier lives of this supervisor left behind: it has lost its supervisor, so it is killed at once."""

from __future__ import annotations

import asyncio
import signal

from supervisor.errors import StillAlive
from supervisor.runners.marks import CONTAINER
from supervisor.runners.pins import Pin
from supervisor.runners.procfs import Process
from supervisor.runners.proctable import ProcessTable, Snapshot

_CLEAN_SCANS = 2


def strangers(snapshot: Snapshot, fleet: str, boot: str) -> list[Process]:
    """Processes of our fleet that another boot started."""
    found: dict[int, Process] = {}
    for mark in snapshot.marks:
        if mark.fleet == fleet and mark.boot not in (boot, CONTAINER):
            found.update((process.pid, process) for process in snapshot.members(mark))
    return list(found.values())


async def sweep(table: ProcessTable, fleet: str, boot: str, patience: float) -> list[int]:
    """The pids that were killed; raises StillAlive when some are still there `patience` seconds later."""
    give_up_at = asyncio.get_running_loop().time() + patience
    ended: set[int] = set()
    clean = 0
    while clean < _CLEAN_SCANS:
        found = strangers(await table.scan(), fleet, boot)
        if not found:
            clean += 1
            continue
        clean = 0
        ended.update(process.pid for process in found)
        if not await _kill(found, give_up_at):
            raise StillAlive(sorted(process.pid for process in found))
    return sorted(ended)


async def _kill(found: list[Process], until: float) -> bool:
    """Kill and wait for the end of them all; False when the time is over."""
    everybody_gone = asyncio.Event()
    pins: set[Pin] = set()

    def gone(pin: Pin) -> None:
        pins.discard(pin)
        if not pins:
            everybody_gone.set()

    pins.update(Pin(process, gone) for process in found)
    try:
        for pin in list(pins):
            pin.send(signal.SIGKILL)
        async with asyncio.timeout_at(until):
            await everybody_gone.wait()
    except TimeoutError:
        return False
    finally:
        for pin in pins:
            pin.close()
    return True
