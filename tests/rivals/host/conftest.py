from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from supervisor.cli.exits import masked
from supervisor.cli.rivals import run_command
from supervisor.rivals.host import HostEyes
from tests.rivals.host.stage import Door, Eyes

FLEET = "fleet-of-tests"


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with Door().opened() as opened:
        yield opened


@pytest.fixture
async def eyes(door: Door) -> Eyes:
    return Eyes(HostEyes(FLEET, masked, run_command), door)
