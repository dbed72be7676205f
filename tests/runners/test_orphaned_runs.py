"""The supervisor dies by `kill -9`: parent-death signal, guard and sweep leave nothing of its runs."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from supervisor.model.bots import StopPolicy
from supervisor.runners.launch import Order, launch
from supervisor.runners.outlet import Outlet
from supervisor.runners.process import ProcessRunner
from supervisor.runners.procfs import command_line, read_process
from supervisor.runners.reaper import Reaper
from tests.contract.stage import PATH, Lines, gone, is_alive, order, within

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prctl and /proc")


@dataclass
class Lone:
    pid: int
    leader: int
    grandchild: int
    guard: int
    sink: Lines


async def lone(reaper: Reaper, fleet: str, how: str) -> Lone:
    started = launch(
        Order((sys.executable, str(HERE / "lone_supervisor.py"), fleet, how), HERE.parents[1], {"PATH": PATH})
    )
    reaper.watch(started.pid)
    sink = Lines()
    for fd, stream in ((started.stdout, "stdout"), (started.stderr, "stderr")):
        Outlet(fd, stream, sink)
    leader, grandchild, guard = [int(await sink.line(name)) for name in ("leader", "grandchild", "guard")]
    return Lone(started.pid, leader, grandchild, guard, sink)


async def kill(lone: Lone, reaper: Reaper) -> None:
    ended = reaper.watch(lone.pid)
    os.kill(lone.pid, signal.SIGKILL)
    await within(ended)


async def test_the_guard_ends_what_the_dead_supervisor_left(reaper: Reaper, fleet: str) -> None:
    victim = await lone(reaper, fleet, "guard")
    assert command_line(victim.guard)[-1] == "botctl-guard"
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(victim.guard, number)
    assert os.getsid(victim.guard) == victim.guard
    await kill(victim, reaper)
    for pid in (victim.leader, victim.grandchild, victim.guard):
        await gone(pid)
        assert not is_alive(pid)


async def test_without_a_guard_the_sweep_finds_the_rest(reaper: Reaper, fleet: str) -> None:
    victim = await lone(reaper, fleet, "bare")
    await kill(victim, reaper)
    await gone(victim.leader)  # of its parent-death signal
    assert is_alive(victim.grandchild)
    next_life = ProcessRunner(fleet, "life2", reaper)
    assert await within(next_life.sweep()) == [victim.grandchild]
    assert not is_alive(victim.grandchild)
    assert await within(next_life.sweep()) == []


async def test_a_released_guard_kills_nothing(reaper: Reaper, fleet: str) -> None:
    victim = await lone(reaper, fleet, "release")
    await victim.sink.line("released")
    assert read_process(victim.guard) is None
    assert is_alive(victim.leader)
    await kill(victim, reaper)
    await within(ProcessRunner(fleet, "life2", reaper).sweep())


def open_files(pid: int) -> set[str]:
    return {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}


async def test_the_guard_holds_nothing_of_ours(reaper: Reaper, fleet: str) -> None:
    victim = await lone(reaper, fleet, "guard")
    files = open_files(victim.guard)
    await kill(victim, reaper)
    await gone(victim.guard)
    assert {name.partition(":")[0] for name in files} == {"pipe", "/dev/null"}
    assert len(files) == 2


async def test_a_sweep_spares_our_own_runs_and_other_fleets(
    runner: ProcessRunner, reaper: Reaper, fleet: str
) -> None:
    other_fleet = ProcessRunner("another" + fleet, "boot0", reaper)
    ours = await runner.start(order("sleep", "1000"), Lines())
    theirs = await other_fleet.start(order("sleep", "1000"), Lines())
    assert await within(runner.sweep()) == []
    for owner, handle in ((runner, ours), (other_fleet, theirs)):
        assert handle.pid is not None
        assert is_alive(handle.pid)
        await within(owner.stop(handle, StopPolicy()))
    await other_fleet.close()
