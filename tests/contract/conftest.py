from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest

from supervisor.runners.ending import Patience
from supervisor.runners.process import ProcessRunner
from supervisor.runners.protocol import Runner
from supervisor.runners.reaper import Reaper


@pytest.fixture(params=["process"])
async def runner(request: pytest.FixtureRequest) -> AsyncIterator[Runner]:
    """Every form of runner; whatever a test did, nothing marked may be left after it."""
    assert request.param == "process"
    fleet = uuid.uuid4().hex
    reaper = Reaper()
    reaper.install()
    process_runner = ProcessRunner(fleet, "boot", reaper, patience=Patience(leftovers=0.3))
    yield process_runner
    snapshot = await process_runner.table.scan()
    left = [mark for mark in snapshot.marks if mark.fleet == fleet]
    await ProcessRunner(fleet, "after", reaper).sweep()
    await process_runner.close()
    reaper.close()
    assert not left
