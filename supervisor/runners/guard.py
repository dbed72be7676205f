"""A tiny process beside the supervisor that outlives its `kill -9` and then kills the runs it left.

The parent-death signal reaches only the first process of a run; this reaches everything that carries the mark.
What even the guard cannot see (it was killed too) is left to the sweep of the next start.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from supervisor.errors import SupervisorError
from supervisor.runners.launch import heed_ignored_signals
from supervisor.runners.linux import LINUX
from supervisor.runners.reaper import Reaper

_PROGRAM = Path(__file__).with_name("guard_main.py")


class Guard:
    """The supervisor's end of the pipe. Dropping it means the same as dying."""

    def __init__(self, pid: int, pipe: int) -> None:
        self.pid = pid
        self._pipe: int | None = pipe

    def release(self) -> None:
        """Let the guard leave without killing anything: the runs were stopped. Idempotent."""
        if self._pipe is None:
            return
        try:
            os.write(self._pipe, b"x")
        except BrokenPipeError:
            pass
        os.close(self._pipe)
        self._pipe = None

    async def leave(self, reaper: Reaper, patience: float = 5.0) -> None:
        """Release it and reap it; a guard that does not leave within `patience` seconds is left to init."""
        try:
            ended = reaper.watch(self.pid)
        except ChildProcessError:
            ended = None
        self.release()
        if ended is not None:
            await asyncio.wait([ended], timeout=patience)


def start_guard(fleet: str, boot: str) -> Guard | None:
    """Returns when the guard watches; before the first run, and before the loop is busy. None without /proc.

    It inherits no descriptor but its pipe, no terminal, no environment, and lives in a session of its own.
    Raises SupervisorError when it does not start.
    """
    if not LINUX:
        return None
    heed_ignored_signals()
    theirs, ours = os.pipe()
    ready, answer = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_PROGRAM), fleet, boot, "botctl-guard"],
            stdin=theirs,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
            start_new_session=True,
        )
    except OSError:
        os.close(ours)
        os.close(ready)
        raise
    finally:
        os.close(theirs)
        os.close(answer)
    process.returncode = 0  # the reaper waits for it, not Popen
    answered = os.read(ready, 1)
    os.read(ready, 1)  # the end of file: it has closed that pipe and is ready
    os.close(ready)
    if not answered:
        os.close(ours)
        raise SupervisorError("the guard process ended at once; does this Python start by itself? try: python -I -S")
    return Guard(process.pid, ours)
