"""Ending a program by its pids, where nobody keeps it alive: SIGTERM, patience, SIGKILL, and the proof.

A pid is only ever signalled through a descriptor of it whose start time was checked, so that its next owner cannot
be hit. The first process, we ourselves and our ancestors are never signalled.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass

from supervisor.rivals.processes import LINUX, read_process

_LOOK_EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Ending:
    """Seconds between SIGTERM and SIGKILL, and after SIGKILL until it is given up."""

    grace: float = 10.0
    patience: float = 5.0

    async def end(self, family: Iterable[tuple[int, float]], spared: frozenset[int]) -> str:
        """ "" when all of `family` is gone, else why not."""
        members = [each for each in family if each[0] > 1 and each[0] not in spared]
        for number, patience in ((signal.SIGTERM, self.grace), (signal.SIGKILL, self.patience)):
            for pid, started in members:
                refusal = send(pid, started, number)
                if refusal:
                    return refusal
            if await gone(members, patience):
                return ""
        return "still alive after SIGKILL: " + ", ".join(str(pid) for pid, started in members if lives(pid, started))


async def gone(family: Iterable[tuple[int, float]], patience: float) -> bool:
    """Whether nothing of `family` is left, at the latest after `patience` seconds."""
    give_up_at = time.monotonic() + patience
    members = list(family)
    while any(lives(pid, started) for pid, started in members):
        if time.monotonic() > give_up_at:
            return False
        await asyncio.sleep(_LOOK_EVERY)
    return True


def lives(pid: int, started: float) -> bool:
    process = read_process(pid)
    return process is not None and process.started == started


def send(pid: int, started: float, number: signal.Signals) -> str:
    """ "" when it was sent or there is nobody left to get it, else why we may not."""
    try:
        if not LINUX:
            if lives(pid, started):
                os.kill(pid, number)
            return ""
        descriptor = os.pidfd_open(pid)
        try:
            if lives(pid, started):
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return f"pid {pid} belongs to another user, whose rights (or root's) it takes"
    except OSError as error:
        return f"pid {pid}: {error.strerror}"
    return ""
