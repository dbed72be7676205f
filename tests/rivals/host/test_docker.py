"""The real Docker engine: containers with a token are found by name, and stopped so that they stay stopped."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from supervisor.model.rivals import OwnerKind, TokenPlace
from supervisor.rivals.containers import Engine, find_socket
from tests.rivals.host.conftest import FLEET
from tests.rivals.host.stage import BOT, POLLER, SOON, TOKEN, Door, Eyes, cannot_run, environ, output

IMAGE = "python:3.13-slim-trixie"
ENV = environ(HOME="/tmp")


class Docker:
    """The engine through its own command line; what a test begins is removed with it."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.project = f"rivals-{uuid.uuid4().hex[:8]}"

    async def __call__(self, *args: str) -> str:
        code, said = await output("docker", *args, env=ENV)
        assert code == 0, said
        return said.strip()

    async def run(self, *args: str, inside: str, network: str = "host") -> str:
        """A container's name, made up from the project's."""
        name = f"{self.project}-{len(self.begun)}"
        self.begun.append(name)
        volume = (
            "-v",
            f"{POLLER}:/bot/poller.py:ro",
            "-w",
            "/bot",
            "-e",
            "PYTHONUNBUFFERED=1",
            "--init",
            "--network",
            network,
        )
        await self("run", "-d", "--name", name, *volume, *args, IMAGE, "python", "poller.py", *inside.split())
        return name

    async def polls(self, name: str) -> None:
        """Returns once the poller in it says so."""
        reading = await asyncio.create_subprocess_exec(
            "docker", "logs", "-f", name, env=ENV, stdout=asyncio.subprocess.PIPE
        )
        assert reading.stdout
        async with asyncio.timeout(SOON):
            assert await reading.stdout.readline() == b"polling\n"
        reading.kill()
        await reading.communicate()

    async def inspect(self, name: str) -> Any:
        return json.loads(await self("inspect", name))[0]


@pytest.fixture
async def docker() -> AsyncIterator[Docker]:
    if shutil.which("docker") is None or find_socket() is None:
        cannot_run("no Docker engine: install one and start it")
    code, said = await output("docker", "image", "inspect", "-f", "{{.Id}}", IMAGE, env=ENV)
    if code:
        cannot_run(f"the Docker engine has no image {IMAGE}, or does not answer: {said.strip()}")
    engine = Docker()
    try:
        yield engine
    finally:
        if engine.begun:
            await engine("rm", "-f", *engine.begun)


@pytest.mark.docker
async def test_a_container_is_found_by_its_name_and_does_not_come_back(
    docker: Docker, eyes: Eyes, door: Door
) -> None:
    name = await docker.run("--restart", "always", "-e", f"BOT_TOKEN={TOKEN}", inside=door.address)
    await door.came()
    rival = await eyes.only_rival()
    assert (rival.container, rival.owner.kind, rival.owner.name) == (name, OwnerKind.DOCKER, name)
    assert rival.owner.stop == (f"docker update --restart=no {name}", f"docker stop {name}")
    assert (rival.place, rival.connected, rival.sure) == (TokenPlace.ENVIRONMENT, True, True)
    assert rival.command == f"python poller.py {door.address}"

    (said,) = await eyes.host.stop([rival])
    assert said == f"container {name} (docker {name}): stopped"
    assert (await eyes.see()).rivals == ()
    after = await docker.inspect(name)
    assert (after["State"]["Running"], after["HostConfig"]["RestartPolicy"]["Name"]) == (False, "no")


@pytest.mark.docker
async def test_a_connection_in_a_network_of_its_own_is_seen(docker: Docker, eyes: Eyes) -> None:
    """Its sockets stand in another table than the host's."""
    name = await docker.run("-e", f"BOT_TOKEN={TOKEN}", inside="own:8081", network="none")
    await docker.polls(name)
    seen = await eyes.host.sight({BOT: TOKEN}, {BOT: "http://127.0.0.1:8081"}, anew=True)
    assert [rival.connected for rival in seen.rivals] == [True]


@pytest.mark.docker
async def test_compose_is_told_by_project_and_service(docker: Docker, eyes: Eyes, door: Door, tmp_path: Path) -> None:
    service = {
        "image": IMAGE,
        "command": ["python", "/bot/poller.py", door.address],
        "environment": {"BOT_TOKEN": TOKEN},
        "network_mode": "host",
        "init": True,
        "volumes": [f"{POLLER}:/bot/poller.py:ro"],
        "restart": "unless-stopped",
    }
    file = tmp_path / "compose.json"
    file.write_text(json.dumps({"services": {"news": service}}))
    await docker("compose", "-p", docker.project, "-f", str(file), "up", "-d")
    docker.begun.append(f"{docker.project}-news-1")
    await door.came()
    rival = await eyes.only_rival()
    assert rival.owner.name == f"compose project {docker.project}, service news"
    assert rival.owner.stop[0] == f"docker compose -p {docker.project} stop news"
    (said,) = await eyes.host.stop([rival])
    assert said.endswith("stopped")
    assert (await eyes.see()).rivals == ()


@pytest.mark.docker
async def test_containers_that_are_no_rivals(docker: Docker, eyes: Eyes, door: Door) -> None:
    mark = f"BOTCTL_RUN={FLEET}/boot/news/1"
    await docker.run("-e", f"BOT_TOKEN={TOKEN}", "-e", mark, inside=door.address)
    await docker.run("-e", f"BOT_TOKEN=1{TOKEN}", inside=door.address)
    await door.came()
    await door.came()
    assert (await eyes.see()).rivals == ()


@pytest.mark.docker
async def test_a_container_whose_processes_are_hidden_is_found_by_the_engine(
    docker: Docker, eyes: Eyes, door: Door
) -> None:
    """As from inside a container with the engine's socket: the token is known, the process is not."""
    name = await docker.run("-e", f"BOT_TOKEN={TOKEN}", inside=door.address)
    await door.came()
    containers, unread = await asyncio.to_thread(Engine().look)
    assert unread == ()
    (found,) = [each for each in containers if each.name == name]
    assert [bot_id for bot_id, _ in found.environment] == [BOT]
    assert "AAFake" not in repr(found)


@pytest.fixture
def use_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    return lambda path: monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")


async def test_without_an_engine_there_is_nothing_to_say(eyes: Eyes, tmp_path: Path, use_socket: Any) -> None:
    use_socket(tmp_path / "none.sock")
    assert not any("Docker" in text for text in (await eyes.see()).unread)


async def test_an_engine_that_is_down_is_told_of(eyes: Eyes, tmp_path: Path, use_socket: Any) -> None:
    path = tmp_path / "d.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    use_socket(path)
    (told,) = [text for text in (await eyes.see()).unread if "Docker" in text]
    assert told == f"Docker was not asked: no engine answers (its socket is {path})"


async def test_an_engine_that_never_answers_is_given_up(eyes: Eyes, tmp_path: Path, use_socket: Any) -> None:
    path = tmp_path / "d.sock"
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_unix_server(lambda _, writer: held.append(writer), str(path))
    use_socket(path)
    try:
        async with asyncio.timeout(SOON):
            (told,) = [text for text in (await eyes.see()).unread if "Docker" in text]
    finally:
        for writer in held:
            writer.close()
        server.close()
    assert told.startswith("Docker was not asked: it did not answer in time")
