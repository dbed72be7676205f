"""What is asked of the engine for one run: the body of `POST /containers/create` (Docker Engine API). Pure.

Safe by default: an init process, no new privileges, no capabilities, limits on processes and log files, no restarts
by the engine (there is one restarter). Never privileged, and never the engine's socket.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from typing import Any

from supervisor.model.bots import RunSpec
from supervisor.model.containers import ContainerSpec, TokenDelivery, Volume
from supervisor.runners.protocol import StartOrder

TOKEN_FOLDER = "/run/botctl"  # noqa: S105 - a folder in the container
TOKEN_NAME = "token"  # noqa: S105
LOG_LIMITS = {"max-size": "100m", "max-file": "2"}
"""What the engine keeps of a run's output, beside our own files. Large, since an engine may lose lines for whoever
follows while it rotates (20.10 did: 0.3 to 67 % of 10 MB around one rotation at 20 MB; none without)."""

_HOST = "host"


def body(
    order: StartOrder, image: str, labels: Mapping[str, str], volumes: tuple[Volume, ...] | None = None
) -> dict[str, Any]:
    """`volumes` are the spec's as the engine's host knows them."""
    spec = order.spec
    container = container_of(spec)
    wanted: dict[str, Any] = {
        "Image": image,
        "Env": [f"{name}={value}" for name, value in order.environ.items()],
        "Labels": dict(labels),
        "HostConfig": _host(order, container, container.volumes if volumes is None else volumes),
    }
    if spec.command:
        wanted["Cmd"] = list(spec.command)
    if spec.user is not None:
        wanted["User"] = spec.user
    if container.token_delivery is TokenDelivery.FILE:
        wanted["Volumes"] = {TOKEN_FOLDER: {}}
    if spec.port is not None and _HOST not in container.networks:
        wanted["ExposedPorts"] = {f"{spec.port}/tcp": {}}
    return wanted


def container_of(spec: RunSpec) -> ContainerSpec:
    if spec.container is None:
        raise ValueError("a run of this runner needs a container's spec")
    return spec.container


def token_archive(secret: str, user: str | None) -> bytes:
    """A tar with the token in a file that only the bot's user reads (root where `user` is a name)."""
    uid = int(user.partition(":")[0]) if user and user.partition(":")[0].isdigit() else 0
    named = bool(user) and not uid and user not in ("0", "root")
    content = secret.encode()
    info = tarfile.TarInfo(TOKEN_NAME)
    info.size, info.uid, info.gid = len(content), uid, 0
    info.mode = 0o444 if named else 0o400
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def _host(order: StartOrder, container: ContainerSpec, volumes: tuple[Volume, ...]) -> dict[str, Any]:
    spec = order.spec
    network = container.networks[0] if container.networks else "default"
    host: dict[str, Any] = {
        "Init": True,
        "RestartPolicy": {"Name": "no"},
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "PidsLimit": container.pids,
        "LogConfig": {"Type": "json-file", "Config": LOG_LIMITS},
        "NetworkMode": network,
        "Binds": [f"{v.source}:{v.target}" + (":ro" if v.read_only else "") for v in volumes],
        "ReadonlyRootfs": container.read_only,
    }
    if container.memory is not None:
        # Swap counts as memory: a limit that swaps is none.
        host |= {"Memory": container.memory, "MemorySwap": container.memory}
    if container.cpus is not None:
        host["NanoCpus"] = round(container.cpus * 1e9)
    if container.read_only:
        host["Tmpfs"] = {"/tmp": "rw,nosuid,nodev"}  # noqa: S108 - in the container
    if spec.port is not None and network != _HOST:
        host["PortBindings"] = {f"{spec.port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(spec.port)}]}
    return host
