from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest

from supervisor.runners.process import ProcessRunner
from supervisor.runners.reaper import Reaper


@pytest.fixture
def fleet() -> str:
    return uuid.uuid4().hex


@pytest.fixture
async def reaper() -> AsyncIterator[Reaper]:
    reaper = Reaper()
    reaper.install()
    yield reaper
    reaper.close()


@pytest.fixture
async def runner(reaper: Reaper, fleet: str) -> AsyncIterator[ProcessRunner]:
    runner = ProcessRunner(fleet, "boot", reaper)
    yield runner
    left = await ProcessRunner(fleet, "after", reaper).sweep()
    await runner.close()
    assert not left
