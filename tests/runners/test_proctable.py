"""Whose a process is, decided on made-up tables; and both ways of reading a real process agree."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from supervisor.model.bots import StopPolicy
from supervisor.model.runs import RunId
from supervisor.runners import procfs
from supervisor.runners.marks import Mark
from supervisor.runners.pins import Pin
from supervisor.runners.process import ProcessRunner
from supervisor.runners.procfs import Process
from supervisor.runners.proctable import ProcessTable, Snapshot
from tests.contract.stage import Lines, order, within

NEWS = Mark("fleet", "boot", RunId("news", 1))
OTHER = Mark("fleet", "boot", RunId("other", 1))
WE = os.getpid()
SCRIPT = "echo ready; while :; do sleep 1000; done"
SHELL = 40_000_000
LEADER = 50_000_000
"""Beyond any real pid, so that we are never among them."""


def process(
    pid: int, ppid: int, *, pgid: int = 0, sid: int = 0, started: float = 1, mark: Mark | None = None
) -> Process:
    return Process(pid, ppid, pgid or pid, sid or pid, started, mark=mark)


def found(
    *processes: Process, leader: tuple[int, float] = (LEADER, 1), known: tuple[tuple[int, float], ...] = ()
) -> set[int]:
    ourselves = [process(SHELL, 1), process(WE, SHELL)]
    snapshot = Snapshot([*ourselves, *processes])
    return {member.pid - LEADER for member in snapshot.members(NEWS, (LEADER, 1), known)}


def test_by_mark_only_the_same_run() -> None:
    newer = Mark("fleet", "boot", RunId("news", 2))
    table = [process(LEADER + n, 1, mark=mark) for n, mark in enumerate([NEWS, OTHER, newer, None])]
    assert found(*table) == {0}


def test_by_descent_from_the_leader() -> None:
    assert found(
        process(LEADER, WE), process(LEADER + 1, LEADER), process(LEADER + 2, LEADER + 1), process(LEADER + 3, WE)
    ) == {0, 1, 2}


def test_by_group_and_session_of_a_leader_that_is_gone() -> None:
    assert found(
        process(LEADER + 1, 1, pgid=LEADER, sid=LEADER),
        process(LEADER + 2, 1, pgid=LEADER + 2, sid=LEADER),
        process(LEADER + 3, 1),
    ) == {1, 2}


def test_by_the_session_that_a_member_leads() -> None:
    member = process(LEADER + 1, 1, mark=NEWS)
    assert found(member, process(LEADER + 2, 1, pgid=LEADER + 2, sid=LEADER + 1)) == {1, 2}


def test_a_new_owner_of_the_leaders_pid_is_a_stranger() -> None:
    newcomer = process(LEADER, 1, started=2)
    assert found(newcomer, process(LEADER + 1, LEADER, pgid=LEADER, sid=LEADER)) == set()


def test_members_seen_before_stay_members() -> None:
    hidden = process(LEADER + 1, 1, started=5)
    assert found(hidden) == set()
    assert found(hidden, known=((LEADER + 1, 5),)) == {1}
    assert found(hidden, known=((LEADER + 1, 4),)) == set()


def test_we_and_our_ancestors_are_nobodys_members() -> None:
    """A supervisor that was started from inside a bot, or shares a session with one."""
    snapshot = Snapshot(
        [
            process(SHELL, 1, mark=NEWS),
            process(WE, SHELL, mark=NEWS),
            process(LEADER, WE),
            process(LEADER + 1, LEADER, mark=OTHER),
        ]
    )
    assert snapshot.members(NEWS, (SHELL, 1)) == []
    assert [member.pid for member in snapshot.members(OTHER)] == [LEADER + 1]


def test_a_cleared_environment_inherits_the_mark_of_its_parent() -> None:
    child = process(LEADER + 1, LEADER)
    grandchild = process(LEADER + 2, LEADER + 1)
    stranger = process(LEADER + 3, 1)
    Snapshot([process(LEADER, WE, mark=NEWS), child, grandchild, stranger])
    assert (child.mark, grandchild.mark, stranger.mark) == (NEWS, NEWS, None)


async def test_scans_asked_for_together_are_one() -> None:
    table = ProcessTable()
    one, two = await within(asyncio.gather(table.scan(), table.scan()))
    assert one is two
    assert await within(table.scan()) is not one


async def test_a_scan_sees_us_and_no_zombies(runner: ProcessRunner) -> None:
    handle = await runner.start(order("sleep", "1000"), Lines())
    zombie = os.posix_spawn("/bin/sh", ["sh", "-c", "exit"], {})  # noqa: ASYNC221
    os.waitid(os.P_PID, zombie, os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222 - it leaves the zombie
    snapshot = Snapshot(filter(None, map(procfs.read_process, procfs.list_pids())))
    assert WE in snapshot.processes
    read = procfs.read_process(zombie)
    assert read is not None
    assert not read.alive
    scanned = await within(runner.table.scan())
    assert zombie not in scanned.processes
    assert handle.pid is not None
    assert scanned.processes[handle.pid].mark == runner.mark(handle.run)
    await within(runner.stop(handle, StopPolicy()))


@pytest.mark.skipif(sys.platform != "linux", reason="one of the two is Linux'")
async def test_both_readers_agree(runner: ProcessRunner) -> None:
    sink = Lines()
    handle = await runner.start(order("sh", "-c", SCRIPT), sink)
    await sink.line("ready")
    assert handle.pid is not None
    ours, theirs = procfs._proc_read(handle.pid), procfs._psutil_read(handle.pid)
    assert ours is not None
    assert theirs is not None
    for field in ("pid", "ppid", "pgid", "sid", "alive"):
        assert getattr(ours, field) == getattr(theirs, field)
    ourselves = procfs._proc_read(WE)
    assert ourselves is not None
    assert ourselves.rss > 1_000_000
    assert ourselves.cpu > 0
    for read in (procfs._proc_environ, procfs._psutil_environ):
        assert procfs.find_mark(read(handle.pid) or b"") == runner.mark(handle.run)
    assert handle.pid in procfs._psutil_pids()
    assert procfs.command_line(handle.pid)[1:] == ["-c", SCRIPT]
    for gone in (procfs._proc_read, procfs._psutil_read, procfs._proc_environ, procfs._psutil_environ):
        assert gone(LEADER) is None
    await within(runner.stop(handle, StopPolicy()))


async def test_a_pin_never_touches_a_new_owner_of_the_pid(runner: ProcessRunner) -> None:
    handle = await runner.start(order("sleep", "1000"), Lines())
    assert handle.pid is not None
    now = procfs.read_process(handle.pid)
    assert now is not None
    gone = asyncio.Event()
    pin = Pin(process(now.pid, now.ppid, started=now.started - 1), lambda _: gone.set())
    assert not pin.send(signal.SIGKILL)
    await within(gone.wait())
    ended = await within(runner.stop(handle, StopPolicy()))
    assert ended.signal == signal.SIGTERM
