"""The socket file: private, replaced when stale, gone at the end."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from supervisor.errors import SupervisorError
from supervisor.web.server import serve_control
from tests.fakes.supervisor import FakeSupervisor


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def answers(path: Path) -> bool:
    async with (
        aiohttp.ClientSession("http://botctl", connector=aiohttp.UnixConnector(str(path))) as session,
        session.get("/version") as answer,
    ):
        return answer.status == 200


@pytest.mark.usefixtures("open_umask")
async def test_the_socket_is_its_owners_alone_whatever_the_umask(fake: FakeSupervisor, tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with serve_control(fake, path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert os.umask(0) == 0, "the process' umask was not put back"
        assert names(tmp_path) == ["control.sock"]


async def test_a_stale_socket_is_replaced(fake: FakeSupervisor, tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    for name in (path, path.with_name("control.sock.new")):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(name))
    async with serve_control(fake, path):
        assert await answers(path)
    assert names(tmp_path) == []


async def test_it_can_be_opened_again_at_the_same_place(fake: FakeSupervisor, tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    for _ in range(2):
        async with serve_control(fake, path):
            assert await answers(path)


async def test_a_path_too_long_for_a_socket_says_what_to_do(fake: FakeSupervisor, tmp_path: Path) -> None:
    with pytest.raises(SupervisorError, match="BOTCTL_STATE_DIR"):
        async with serve_control(fake, tmp_path / ("x" * 100) / "control.sock"):
            pass


async def test_a_missing_directory_is_told(fake: FakeSupervisor, tmp_path: Path) -> None:
    with pytest.raises(SupervisorError, match="No such file"):
        async with serve_control(fake, tmp_path / "no" / "control.sock"):
            pass
