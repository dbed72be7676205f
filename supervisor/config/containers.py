"""The keys of a bot that runs as a container, to a ContainerSpec; and keys that stand where they mean nothing.

Asks files only, never an engine: whether an image is there shows at the start, in words of its own.
"""

from __future__ import annotations

import re

from supervisor.config import schema, world
from supervisor.config.environment import Ground
from supervisor.config.findings import said
from supervisor.config.tree import Items, Place, Table
from supervisor.model.bots import RunnerKind
from supervisor.model.containers import Build, ContainerSpec, Volume

LEAST_MEMORY = 6_291_456
"""Bytes; no engine accepts less."""

_OF_CONTAINERS = ("volumes", "networks", "memory", "cpus", "pids", "pull", "token_delivery", "read_only")
_OF_PROCESSES = {"cwd": "the image has one", "venv": "the image has one", "setup": "use the Dockerfile"}
_VOLUME_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_IMAGE = re.compile(r"[a-z0-9][A-Za-z0-9._:/@-]*")
_SOCKET = re.compile(r"(^|/)docker\.sock$|^/(var/)?run/?$|^/$")


def is_container(bot: schema.Bot) -> bool:
    return bot.runner is RunnerKind.DOCKER or bot.image is not None or has_build(bot)


def has_build(bot: schema.Bot) -> bool:
    return bot.build != schema.Build()


def container_of(name: str, bot: schema.Bot, table: Table, ground: Ground) -> ContainerSpec | None:
    """None for a child process, and when something is wrong, which was said then."""
    return _Reader(name, bot, table, ground).read()


class _Reader:
    def __init__(self, name: str, bot: schema.Bot, table: Table, ground: Ground) -> None:
        self._name = name
        self._bot = bot
        self._table = table
        self._ground = ground
        self._wrong = False

    def read(self) -> ContainerSpec | None:
        bot = self._bot
        if not is_container(bot):
            self._misplaced(_OF_CONTAINERS, "is for containers, this bot is a child process: remove it, or add image")
            return None
        for key, remedy in _OF_PROCESSES.items():
            self._misplaced((key,), f"is for child processes, this bot is a container: remove it ({remedy})")
        self._check_source()
        build = self._build()
        volumes = [self._volume(text, self._item("volumes", number)) for number, text in enumerate(bot.volumes)]
        for number, network in enumerate(bot.networks):
            if not _VOLUME_NAME.fullmatch(network):
                self._problem(self._item("networks", number), f"{said(network)} cannot name a network")
        if bot.memory is not None and bot.memory < LEAST_MEMORY:
            self._problem(self._table.place_of("memory"), "is too small for a container: at least 6.3MB")
        if "volumes" not in self._table.entries:
            lost = "the bot keeps nothing over a restart: mount what it writes, or write volumes: [] to say so"
            self._ground.findings.warn(self._table.place_of("volumes"), lost)
        if self._wrong:
            return None
        return ContainerSpec(
            image=bot.image, build=build, volumes=tuple(volumes), networks=bot.networks, memory=bot.memory,
            cpus=bot.cpus, pids=bot.pids, pull=bot.pull, token_delivery=bot.token_delivery, read_only=bot.read_only,
        )  # fmt: skip

    def _problem(self, place: Place, message: str) -> None:
        self._wrong = True
        self._ground.findings.problem(place, message)

    def _misplaced(self, keys: tuple[str, ...], message: str) -> None:
        """What `defaults:` says is for those bots that can use it."""
        for key in keys:
            place = self._table.place_of(key)
            if key in self._table.entries and place.field.startswith(f"bots.{self._name}."):
                self._problem(place, message)

    def _check_source(self) -> None:
        bot, table = self._bot, self._table
        if bot.runner is RunnerKind.PROCESS:
            self._problem(table.place_of("runner"), "process stands beside image or build: remove one of them")
        if bot.image is None and not has_build(bot):
            self._problem(table.place_of("image"), "is missing: name an image, or a folder to build one from (build)")
        elif bot.image is not None and has_build(bot):
            self._problem(table.place_of("build"), "stands beside image: keep one of the two")
        if bot.image is not None and not _IMAGE.fullmatch(bot.image):
            self._problem(
                table.place_of("image"), f"{said(bot.image)} cannot name an image, such as ghcr.io/me/shop:1"
            )

    def _build(self) -> Build | None:
        build, inner = self._bot.build, self._table.table("build")
        if not has_build(self._bot):
            return None
        if build.context is None:
            self._problem(inner.place_of("context"), "is missing: name the folder with the Dockerfile")
            return None
        context = self._ground.root / build.context
        wrong = world.wrong_with_folder(context, build.context)
        if wrong is None and not (context / build.dockerfile).is_file():
            wrong = f"there is no {build.dockerfile} in {build.context}"
        if wrong and self._bot.enabled:
            self._problem(inner.place_of("context"), wrong)
        elif wrong:
            self._ground.findings.warn(inner.place_of("context"), wrong)
        return Build(context, build.dockerfile, build.args)

    def _volume(self, text: str, place: Place) -> Volume:
        source, _, rest = text.partition(":")
        target, _, how = rest.partition(":")
        if not target.startswith("/") or how not in ("", "ro", "rw"):
            self._problem(place, f"{said(text)} is not source:/target or source:/target:ro")
        elif source.startswith((".", "/")):
            path = str((self._ground.root / source).resolve())
            if _SOCKET.search(path):
                self._problem(place, f"{said(source)} would give the bot the engine, and with it the whole machine")
            return Volume(path, target, how == "ro")
        elif not _VOLUME_NAME.fullmatch(source):
            self._problem(place, f"{said(source)} cannot name a volume: a folder begins with ./ or /")
        return Volume(source, target, how == "ro")

    def _item(self, key: str, number: int) -> Place:
        found = self._table.get(key)
        return found.items[number].place if isinstance(found, Items) else self._table.place_of(key)
