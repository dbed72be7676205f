from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from supervisor.runners.ending import Patience
from supervisor.runners.process import ProcessRunner
from supervisor.runners.protocol import Runner
from supervisor.runners.reaper import Reaper
from tests.contract.containers import Contained, open_engine


@pytest.fixture
async def process_runner() -> AsyncIterator[Runner]:
    """Whatever a test did, nothing marked may be left after it."""
    fleet = uuid.uuid4().hex
    reaper = Reaper()
    reaper.install()
    runner = ProcessRunner(fleet, "boot", reaper, patience=Patience(leftovers=0.3))
    yield runner
    snapshot = await runner.table.scan()
    left = [mark for mark in snapshot.marks if mark.fleet == fleet]
    await ProcessRunner(fleet, "after", reaper).sweep()
    await runner.close()
    reaper.close()
    assert not left


@pytest.fixture
async def docker_runner(tmp_path: Path) -> AsyncIterator[Contained]:
    """On the real engine; no container of the test's fleet may be left after it."""
    runner = Contained(uuid.uuid4().hex, await open_engine(), tmp_path / "places", "a test")
    yield runner
    left = await runner.remains()
    await runner.close()
    assert not left


@pytest.fixture(params=["process", pytest.param("docker", marks=pytest.mark.docker)])
def runner(request: pytest.FixtureRequest) -> Runner:
    """Every form of runner."""
    found: Runner = request.getfixturevalue(f"{request.param}_runner")
    return found
