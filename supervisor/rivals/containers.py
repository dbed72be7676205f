"""Containers of a Docker engine on this host that have tokens; the only file that imports the Docker SDK.

An engine that is not there says nothing. One whose socket exists and cannot be used is told of as unread. Only
local sockets are asked: an engine elsewhere (DOCKER_HOST=ssh://...) is another host. Blocks; meant for a thread.
"""

from __future__ import annotations

import os
import re
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supervisor.model.rivals import Owner, OwnerKind
from supervisor.rivals.commands import text
from supervisor.rivals.tokens import Found, tokens_in

if TYPE_CHECKING:
    from docker import DockerClient

_PATIENCE = 0.9
"""Seconds for one answer of the engine."""
_STOP_PATIENCE = 10
"""Seconds that a container gets between SIGTERM and SIGKILL: Docker's own default."""


@dataclass(frozen=True, slots=True)
class Container:
    """A running container. `pid` is its first process on the engine's host, `run` a supervisor's mark in it."""

    id: str
    name: str
    pid: int
    user: str
    started: float
    project: str
    service: str
    swarm_service: str
    argv: tuple[str, ...] = field(repr=False)
    run: str = ""
    environment: Found = field(default=(), repr=False)
    command_line: Found = field(default=(), repr=False)

    @classmethod
    def unknown(cls, identity: str) -> Container:
        """One that only its processes' control group tells of."""
        return cls(identity, identity[:12], 0, "", 0.0, "", "", "", ())


def docker_owner(container: Container) -> Owner:
    """`restart` policies bring back what was only killed, so the engine is told, or whoever tells the engine."""
    if container.swarm_service:
        command = text("docker", "service", "scale", f"{container.swarm_service}=0")
        return Owner(OwnerKind.DOCKER, f"service {container.swarm_service}", (command,))
    update = text("docker", "update", "--restart=no", container.name)
    if container.project:
        stop = text("docker", "compose", "-p", container.project, "stop", container.service)
        return Owner(
            OwnerKind.DOCKER, f"compose project {container.project}, service {container.service}", (stop, update)
        )
    return Owner(OwnerKind.DOCKER, container.name, (update, text("docker", "stop", container.name)))


class Engine:
    """Asks the engine. What a container was made with never changes, so each is inspected once."""

    def __init__(self) -> None:
        self._known: dict[str, Container] = {}

    def look(self) -> tuple[tuple[Container, ...], tuple[str, ...]]:
        """The running containers but our own, and in words why they could not be asked for."""
        path = find_socket()
        if path is None:
            return (), ()
        try:
            with _client(path) as client:
                return self._containers(client), ()
        except Exception as error:  # the SDK lets errors of three libraries through
            return (), (f"Docker was not asked: {_why(error)} (its socket is {path})",)

    def _containers(self, client: DockerClient) -> tuple[Container, ...]:
        from docker.errors import NotFound

        listed = [str(each["Id"]) for each in client.api.containers()]
        fresh: dict[str, Container] = {}
        for identity in listed:
            known = self._known.get(identity)
            try:
                fresh[identity] = known or describe(client.api.inspect_container(identity))
            except NotFound:  # it ended meanwhile
                continue
        self._known = fresh
        own = own_container()
        return tuple(each for each in fresh.values() if each.id != own)

    def end(self, name: str) -> str:
        """Switch its restarting off and stop it; "" when that is done, else why not."""
        path = find_socket()
        if path is None:
            return "no Docker engine answers"
        try:
            with _client(path, _STOP_PATIENCE + 10.0) as client:
                container = client.containers.get(name)
                container.update(restart_policy={"Name": "no"})  # type: ignore[arg-type]
                container.stop(timeout=_STOP_PATIENCE)
        except Exception as error:
            return _why(error)
        return ""


def describe(data: dict[str, Any]) -> Container:
    """From what the engine says of a container (Docker Engine API, `GET /containers/{id}/json`)."""
    config, state = data.get("Config") or {}, data.get("State") or {}
    labels = config.get("Labels") or {}
    variables = [str(item) for item in config.get("Env") or ()]
    argv = (str(data.get("Path") or ""), *(str(item) for item in data.get("Args") or ()))
    return Container(
        id=str(data["Id"]),
        name=str(data.get("Name") or data["Id"][:12]).removeprefix("/"),
        pid=int(state.get("Pid") or 0),
        user=str(config.get("User") or "root"),
        started=_moment(str(state.get("StartedAt") or "")),
        project=str(labels.get("com.docker.compose.project") or ""),
        service=str(labels.get("com.docker.compose.service") or ""),
        swarm_service=str(labels.get("com.docker.swarm.service.name") or ""),
        argv=argv,
        run=next((item.removeprefix("BOTCTL_RUN=") for item in variables if item.startswith("BOTCTL_RUN=")), ""),
        environment=tokens_in("\0".join(variables).encode(errors="replace")),
        command_line=tokens_in("\0".join(argv).encode(errors="replace")),
    )


def find_socket() -> str | None:
    """The engine's socket: DOCKER_HOST, the system's, or one of a rootless engine."""
    host = os.environ.get("DOCKER_HOST", "")
    if host:
        candidates = [host.removeprefix("unix://")] if host.startswith("unix://") else []
    else:
        runtime = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.geteuid()}")
        home = os.environ.get("HOME", "/nowhere")
        candidates = ["/var/run/docker.sock", f"{runtime}/docker.sock", f"{home}/.docker/run/docker.sock"]
    return next((path for path in candidates if _is_socket(path)), None)


def own_container() -> str:
    """The id of the container that we run in, "" outside of one: Docker mounts files from a folder of that name."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(errors="replace")
    except OSError:
        return ""
    found = re.search(r"/containers/([0-9a-f]{64})/(?:hostname|hosts|resolv\.conf)", mounts)
    return found[1] if found else ""


@contextmanager
def _client(path: str, timeout: float = _PATIENCE) -> Iterator[DockerClient]:
    _knock(path, timeout)
    import docker

    client = docker.DockerClient(base_url=f"unix://{path}", version="auto", timeout=timeout)  # type: ignore[arg-type]
    try:
        yield client
    finally:
        client.close()


def _knock(path: str, timeout: float) -> None:
    """Raises OSError where nobody listens. The SDK is slow to import and leaks what it fails to open."""
    with socket.socket(socket.AF_UNIX) as knocking:
        knocking.settimeout(timeout)
        knocking.connect(path)


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(Path(path).stat().st_mode)
    except OSError:
        # A folder that we may not enter may hide one.
        return False


def _why(error: Exception) -> str:
    said = str(error)
    if "Permission denied" in said or "PermissionError" in said:
        return "we may not use its socket (be root, or a member of the group docker)"
    if "timed out" in said.lower():
        return "it did not answer in time"
    if "Connection refused" in said or "ConnectionRefusedError" in said or "No such file" in said:
        return "no engine answers"
    return f"{type(error).__name__}: {said.splitlines()[0][:160] if said else ''}"


def _moment(text: str) -> float:
    """`2026-11-20T13:00:00.123456789Z` as Unix seconds; 0 when it is not known."""
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).timestamp()
    except ValueError:
        return 0.0
