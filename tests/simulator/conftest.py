from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from supervisor.simulator.server import Simulator
from tests.simulator.live import Live
from tests.simulator.stage import Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
async def live() -> AsyncIterator[Live]:
    async with _running(Simulator()) as running:
        yield running


@pytest.fixture
async def quick() -> AsyncIterator[Live]:
    """Time runs twenty times faster."""
    async with _running(Simulator(scale=0.05)) as running:
        yield running


@asynccontextmanager
async def _running(simulator: Simulator) -> AsyncIterator[Live]:
    await simulator.start()
    running = Live(simulator)
    try:
        yield running
    finally:
        await running.close()
        await simulator.stop()
