"""A container bot's image before its start: built from its folder, or pulled; what was said goes to the bot's log.

Builds use the engine's own builder each time (what has not changed comes from its cache), so that a restart runs the
code as it is now, as it does for a child process. No secret takes part but the build arguments of bots.yaml.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supervisor.errors import StartRefused
from supervisor.model.bots import RunSpec
from supervisor.model.containers import Build, ContainerSpec, Pull
from supervisor.runners.containers.creation import container_of
from supervisor.runners.containers.engine import Engine, EngineError, Missing, Unreachable, in_words
from supervisor.runners.containers.labels import FLEET, tag_of
from supervisor.runners.protocol import LogSink

if TYPE_CHECKING:
    from docker import APIClient

SETUP = "setup"
_NOISE = ("Downloading", "Extracting", "Waiting", "Verifying Checksum", "Download complete", "Pulling fs layer")


class Images:
    """The `Prepares` of bots that run as containers; see keep/services.py."""

    def __init__(self, engine: Engine, fleet: str) -> None:
        self._engine = engine
        self._fleet = fleet

    async def prepare(self, spec: RunSpec, bot: str, sink: LogSink) -> Path | None:
        """Raises StartRefused with the last thing the engine said, or after `spec.setup_timeout` seconds."""
        container = container_of(spec)
        enough = threading.Event()
        try:
            async with asyncio.timeout(spec.setup_timeout):
                if container.build is not None:
                    await self._build(container.build, bot, _Lines(sink), enough)
                elif container.image is not None:
                    await self._fetch(container.image, container.pull, _Lines(sink), enough)
        except TimeoutError:
            what = "building" if container.build else "pulling"
            reason = f"{what} the image took longer than {spec.setup_timeout:g} s; raise setup_timeout"
            raise StartRefused(reason, permanent=False) from None
        finally:
            enough.set()
            sink.end(SETUP)
        return None

    def forget(self, bot: str) -> None:
        """Images stay: the next start is quick, and `docker image prune` removes what nobody uses."""

    def reference(self, container: ContainerSpec, bot: str) -> str:
        """What to create the container from."""
        return container.image if container.image is not None else tag_of(bot, self._fleet)

    async def _build(self, build: Build, bot: str, lines: _Lines, enough: threading.Event) -> None:
        if not (build.context / build.dockerfile).is_file():
            reason = f"there is no {build.dockerfile} in {build.context}; write one, or use `image`"
            raise StartRefused(reason, permanent=True)

        def work(api: APIClient) -> Iterator[Any]:
            return api.build(
                path=str(build.context), dockerfile=build.dockerfile, buildargs=dict(build.args), decode=True,
                tag=tag_of(bot, self._fleet), rm=True, forcerm=True, labels={FLEET: self._fleet},
            )  # fmt: skip

        try:
            await self._follow(work, lines, enough)
        except EngineError as error:
            if isinstance(error, Unreachable):
                raise StartRefused(str(error), permanent=False) from None
            raise StartRefused(f"the image could not be built: {error}", permanent=False) from None

    async def _fetch(self, image: str, pull: Pull, lines: _Lines, enough: threading.Event) -> None:
        try:
            there = await self._is_there(image)
            if there and pull is not Pull.ALWAYS:
                return
            if pull is Pull.NEVER:
                raise StartRefused(
                    f"there is no image {image} here, and `pull: never` forbids to get it", permanent=True
                )
            await self._follow(lambda api: api.pull(image, stream=True, decode=True), lines, enough)
        except Unreachable as error:
            raise StartRefused(str(error), permanent=False) from None
        except EngineError as error:
            if await self._is_there(image):
                lines.say(f"{image} could not be pulled ({error}); the one that is here is used")
                return
            reason = f"the image {image} is not here and could not be pulled: {error}"
            raise StartRefused(reason, permanent=False) from None

    async def _is_there(self, image: str) -> bool:
        try:
            await self._engine.call(lambda api: api.inspect_image(image))  # type: ignore[no-untyped-call]
        except Missing:
            return False
        return True

    async def _follow(self, work: Callable[[APIClient], Any], lines: _Lines, enough: threading.Event) -> None:
        """Every message of a pull or build as a line; raises EngineError with the one that says it failed."""
        loop = asyncio.get_running_loop()

        def read(api: APIClient) -> None:
            answers = work(api)
            try:
                for answer in answers:
                    if enough.is_set():
                        return
                    if text := _text(answer):
                        loop.call_soon_threadsafe(lines.say, text)
                    if answer.get("error"):
                        raise EngineError(in_words(str(answer["error"])))
            finally:
                answers.close()

        await self._engine.call_long(read)


class _Lines:
    def __init__(self, sink: LogSink) -> None:
        self._sink = sink

    def say(self, text: str) -> None:
        self._sink.write(SETUP, text.encode(errors="replace") + b"\n")


def _text(answer: dict[str, Any]) -> str:
    if "stream" in answer or "error" in answer:
        return str(answer.get("stream") or answer.get("error")).strip("\n")
    status = str(answer.get("status") or "")
    if not status or status.startswith(_NOISE):
        return ""
    return f"{answer['id']}: {status}" if answer.get("id") else status
