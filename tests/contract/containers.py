"""What tests of containers share: a runner that puts any order into a container, on the real engine."""

from __future__ import annotations

import os
import sys
import zlib
from dataclasses import replace
from typing import Any

import pytest

from supervisor.model.bots import RunnerKind, StopPolicy, Token
from supervisor.model.containers import ContainerSpec
from supervisor.model.runs import Handle
from supervisor.runners.containers.engine import Engine, EngineError
from supervisor.runners.docker import DockerRunner
from supervisor.runners.protocol import LogSink, StartOrder
from tests.contract.stage import TOKEN

IMAGE = "python:3.13-slim-trixie"
AT_ONCE = StopPolicy(grace=0.0)
SEED = os.urandom(8)
"""Another test run on the same engine must not meet our tokens."""


class Contained(DockerRunner):
    """Runs orders that were meant for processes: the same words, in a container without a network.

    Each bot name has a token of its own here: two containers of one token are what this runner refuses.
    """

    async def start(self, order: StartOrder, sink: LogSink) -> Handle:
        return await super().start(contained(order), sink)

    async def remains(self) -> list[str]:
        """Names of what a test left, which is ended."""
        found = await self.left()
        for each in found:
            await self.end(each, AT_ONCE)
        live = [run for run, kept in self._runs.items() if not kept.finish.done()]
        for run in live:
            await self.stop(Handle("docker", run), AT_ONCE)
        await remove_images(self._engine, self._fleet)
        return [each.name for each in found] + [str(run) for run in live]


async def remove_images(engine: Engine, fleet: str) -> None:
    """What was built in a test."""

    def work(api: Any) -> None:
        for image in api.images(filters={"label": f"botctl.fleet={fleet}"}):
            api.remove_image(image["Id"], force=True)

    await engine.call(work)


def contained(order: StartOrder) -> StartOrder:
    container = order.spec.container or ContainerSpec(image=IMAGE, networks=("none",))
    command = tuple("python3" if word == sys.executable else word for word in order.spec.command)
    environ = {name: value for name, value in order.environ.items() if name != "PATH"}
    token = Token(f"{100_000_000 + zlib.crc32(SEED + order.run.bot.encode())}:{TOKEN.reveal().partition(':')[2]}")
    spec = replace(order.spec, token=token, command=command, runner=RunnerKind.DOCKER, container=container)
    return replace(order, environ=environ, spec=spec)


async def open_engine() -> Engine:
    """Skips where there is none with the image."""
    engine = Engine(os.environ)
    try:
        await engine.call(lambda api: api.inspect_image(IMAGE))  # type: ignore[no-untyped-call]
    except EngineError as error:
        await engine.close()
        pytest.skip(f"no Docker engine with the image {IMAGE}: {error}")
    return engine
