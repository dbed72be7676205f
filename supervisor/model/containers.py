"""What a bot that runs as a container is made of; the half of bots.yaml that only a container engine needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Pull(StrEnum):
    """When the image is fetched from its registry: before every start, only where it is missing, or never."""

    ALWAYS = "always"
    MISSING = "missing"
    NEVER = "never"


class TokenDelivery(StrEnum):
    """How the token reaches the bot: as a variable, or as a file that `docker inspect` does not show."""

    ENV = "env"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Build:
    """An image made from a folder: its Dockerfile (a name in that folder) and build arguments."""

    context: Path
    dockerfile: str = "Dockerfile"
    args: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Volume:
    """`source` is an absolute path or the name of a volume of the engine; `target` a path in the container."""

    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """Exactly one of `image` and `build`. `memory` in bytes, `cpus` in processors, None for no limit."""

    image: str | None = None
    build: Build | None = None
    volumes: tuple[Volume, ...] = ()
    networks: tuple[str, ...] = ()
    memory: int | None = None
    cpus: float | None = None
    pids: int = 512
    pull: Pull = Pull.MISSING
    token_delivery: TokenDelivery = TokenDelivery.ENV
    read_only: bool = False
