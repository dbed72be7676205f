"""Children are reaped once, by one place: ours with their status, strangers without a word."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from supervisor.runners.launch import Order, launch
from supervisor.runners.process import ProcessRunner
from supervisor.runners.reaper import Reaper
from tests.contract.stage import Lines, order, reaped, within

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def _start(*command: str) -> int:
    started = launch(Order(command, Path("/"), {"PATH": "/usr/bin:/bin"}))
    os.close(started.stdout)
    os.close(started.stderr)
    return started.pid


async def test_status_of_a_child(reaper: Reaper) -> None:
    pid = _start("sh", "-c", "exit 9")
    assert os.waitstatus_to_exitcode(await within(reaper.watch(pid))) == 9


async def test_two_may_watch_one(reaper: Reaper) -> None:
    pid = _start("sleep", "1000")
    one, two = reaper.watch(pid), reaper.watch(pid)
    os.kill(pid, signal.SIGKILL)
    assert await within(one) == await within(two) == signal.SIGKILL


async def test_a_child_that_ended_before_it_was_watched(reaper: Reaper) -> None:
    pid = _start("sh", "-c", "exit 3")
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222 - it leaves the zombie
    assert os.waitstatus_to_exitcode(await within(reaper.watch(pid))) == 3


async def test_a_child_that_is_no_child(reaper: Reaper) -> None:
    with pytest.raises(ChildProcessError):
        reaper.watch(os.getppid())


async def test_many_at_once_are_all_reaped(reaper: Reaper) -> None:
    """Signals merge: one SIGCHLD may stand for any number of children."""
    futures = [reaper.watch(_start("sh", "-c", f"exit {n}")) for n in range(30)]
    statuses = await within(asyncio.gather(*futures))
    assert [os.waitstatus_to_exitcode(status) for status in statuses] == list(range(30))


async def test_an_unwatched_child_is_reaped(reaper: Reaper) -> None:
    stranger = _start("true")
    await reaped(stranger)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a child subreaper")
async def test_strangers_orphans_are_reaped(runner: ProcessRunner) -> None:
    """As PID 1 in a container: a real orphan of somebody else comes to us, and leaves no zombie."""
    sink = Lines()
    handle = await runner.start(order(sys.executable, str(HERE / "orphans.py"), cwd=ROOT), sink)
    end = await within(runner.wait(handle))
    assert sink.out.splitlines() == ["adopted", "reaped"], sink.streams["stderr"].decode()
    assert end.clean
