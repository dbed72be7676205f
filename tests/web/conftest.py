"""The real application on a real Unix socket, with a fake supervisor behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from supervisor.model.status import Phase
from supervisor.web.server import serve_control
from tests.fakes.supervisor import FakeSupervisor, bot


@pytest.fixture
def fake() -> FakeSupervisor:
    return FakeSupervisor(bot("news"), bot("shop", Phase.HELD, reason="somebody else polls"))


@pytest.fixture
async def api(fake: FakeSupervisor, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    path = tmp_path / "control.sock"
    async with (
        serve_control(fake, path, heartbeat=0.01),
        aiohttp.ClientSession("http://botctl", connector=aiohttp.UnixConnector(str(path))) as session,
    ):
        yield session
