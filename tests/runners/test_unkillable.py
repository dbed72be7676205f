"""A run that survives SIGKILL is reported, keeps its place, and ends once it can."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.errors import StillAlive
from supervisor.model.bots import StopPolicy
from supervisor.model.runs import Exit
from supervisor.runners.ending import Patience
from supervisor.runners.process import ProcessRunner
from supervisor.runners.reaper import Reaper
from tests.contract.stage import Lines, order, within

FREEZER = Path("/sys/fs/cgroup/freezer")
AT_ONCE = StopPolicy(grace=0)


@pytest.fixture
def freezer() -> Iterator[Path]:
    """Processes in a frozen v1 cgroup do not even die of SIGKILL until they are thawed."""
    folder = FREEZER / f"test-{uuid.uuid4().hex}"
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("needs root and a v1 freezer cgroup to make a process that cannot be killed")
    yield folder
    (folder / "freezer.state").write_text("THAWED")
    folder.rmdir()


async def test_a_frozen_run_is_still_alive(freezer: Path, reaper: Reaper, fleet: str) -> None:
    runner = ProcessRunner(fleet, "boot", reaper, patience=Patience(leftovers=0.1, after_kill=0.3))
    sink = Lines()
    handle = await runner.start(order("sh", "-c", "echo ready; exec sleep 1000"), sink)
    await sink.line("ready")
    (freezer / "cgroup.procs").write_text(str(handle.pid))
    (freezer / "freezer.state").write_text("FROZEN")
    for attempt in (runner.stop(handle, AT_ONCE), runner.wait(handle), runner.stop(handle, AT_ONCE)):
        with pytest.raises(StillAlive) as alive:
            await within(attempt)
        assert alive.value.pids == (handle.pid,)
    next_life = ProcessRunner(fleet, "boot2", reaper, patience=Patience(after_kill=0.2))
    with pytest.raises(StillAlive):
        await within(next_life.sweep())
    (freezer / "freezer.state").write_text("THAWED")
    assert await within(runner.wait(handle)) == Exit(None, signal=signal.SIGKILL)
    await runner.close()
    assert handle.pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(handle.pid, 0)
