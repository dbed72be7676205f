"""Bots as containers: starts them, waits for them, ends them, and takes up again those of an earlier life.

A container outlives its supervisor, so its labels, and not our memory, say who runs a token: after a container is
created, and before it is started, the engine is asked for others of the same token. Of two that are created at the
same time at least one sees the other and withdraws. What is only created is harmless and may be removed by anybody.
It decides nothing about restarts; what the engine is and how it answers is containers/engine.py's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from supervisor.errors import StartRefused, StillAlive
from supervisor.model.bots import RunSpec, StopPolicy
from supervisor.model.containers import TokenDelivery
from supervisor.model.leases import Holder
from supervisor.model.runs import Exit, Handle, RunId
from supervisor.runners.containers import creation, labels
from supervisor.runners.containers.ending import Ending, Patience
from supervisor.runners.containers.engine import Clash, Engine, EngineError, Missing, Unreachable
from supervisor.runners.containers.here import Here
from supervisor.runners.containers.images import Images
from supervisor.runners.containers.labels import Ours
from supervisor.runners.containers.output import Output
from supervisor.runners.containers.reading import Reading
from supervisor.runners.protocol import LogSink, StartOrder, Traits

log = logging.getLogger(__name__)

STALE = 60.0
"""Seconds after which a container of another fleet that was created and not started is nobody's beginning."""

_ASK = 5.0
_SILENCE = 5.0
_AGAIN = 2.0


@dataclass(slots=True)
class _Run:
    ending: Ending
    reading: Reading
    finish: asyncio.Task[Exit]


class DockerRunner:
    """Runs of one fleet on one engine. `owner` tells people whose containers these are; `folder` keeps log places."""

    traits = Traits(outlives_daemon=True, adopts=True)

    def __init__(
        self,
        fleet: str,
        engine: Engine,
        folder: Path,
        owner: str,
        *,
        patience: Patience = Patience(),  # noqa: B008
    ) -> None:
        self.images = Images(engine, fleet)
        self._fleet = fleet
        self._engine = engine
        self._folder = folder
        self._owner = owner
        self._patience = patience
        self._here = Here(engine)
        self._runs: dict[RunId, _Run] = {}
        self._leaving: set[Ending] = set()
        self._silent_until = float("-inf")
        self._silence = ""
        self._listening: asyncio.Task[None] | None = None

    async def start(self, order: StartOrder, sink: LogSink) -> Handle:
        self._forget(order.run)
        try:
            identity, name = await self._create(order)
        except EngineError as error:
            raise StartRefused(_refusal(error, order), permanent=False) from None
        try:
            await self._withdraw_unless_alone(order, identity)
            await self._make_ready(order, identity)
            await self._engine.call(lambda api: api.start(identity))
        except (EngineError, StartRefused) as error:
            ending = self._ending(order.run, identity, name)
            ending.hurry(StopPolicy(grace=0.0))
            if not await ending.remove():  # it may have been started after all: until that is known, it is a run
                return self._keep(order.run, ending, identity, name, sink, None)
            if isinstance(error, StartRefused):
                raise
            raise StartRefused(_refusal(error, order), permanent=False) from None
        ending = self._ending(order.run, identity, name)
        return self._keep(order.run, ending, identity, name, sink, await self._address(identity))

    async def wait(self, handle: Handle) -> Exit:
        run = self._runs.get(handle.run)
        if run is None:
            return Exit(code=None)
        if run.finish.done() and run.finish.exception() is not None:
            run.finish = self._finishing(handle.run, run.ending, run.reading)
        return await asyncio.shield(run.finish)

    async def stop(self, handle: Handle, how: StopPolicy) -> Exit:
        run = self._runs.get(handle.run)
        if run is not None and not (run.finish.done() and run.finish.exception() is None):
            run.ending.hurry(how)
        return await self.wait(handle)

    async def sweep(self) -> list[int]:
        """Nothing: what an earlier life left runs on, and is taken up again or ended by who knows what is wanted."""
        return []

    async def close(self) -> None:
        tasks = [run.finish for run in self._runs.values()]
        if self._listening is not None:
            tasks.append(self._listening)  # type: ignore[arg-type]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for run in self._runs.values():
            await run.reading.abandon()
        self._runs.clear()
        await self._engine.close()

    # what is on the engine

    async def holder(self, token_id: int) -> Holder | None:
        """Whose running container has this token. Raises EngineError.

        One that an earlier life of this supervisor left, and that nobody took up, is ended here.
        """
        if not self._engine.is_there():
            return None
        if time.monotonic() < self._silent_until:
            raise Unreachable(self._silence)
        known = {run.ending.identity for run in self._runs.values()}
        try:
            others = await self._with_token(token_id)
        except Unreachable as error:  # a whole fleet that asks a hanging engine must not wait for it one by one
            self._silent_until, self._silence = time.monotonic() + _SILENCE, str(error)
            raise
        for other in others:
            if not other.alive:
                continue
            if other.fleet != self._fleet or other.id in known:
                return _holder(other)
            try:
                await self.end(other, StopPolicy())
            except StillAlive:
                return _holder(other)
        return None

    async def left(self) -> list[Ours]:
        """Containers of this fleet from an earlier life, also those that ended meanwhile, newest first."""
        found = await self._listed({labels.FLEET: self._fleet})
        known = {run.ending.identity for run in self._runs.values()}
        return sorted((each for each in found if each.id not in known), key=lambda each: -each.run.number)

    def resume(self, left: Ours, sink: LogSink) -> Handle:
        """Take up a container that an earlier life started; its log goes on where that one stopped."""
        ending = self._ending(left.run, left.id, left.name)
        return self._keep(left.run, ending, left.id, left.name, sink, left.address)

    async def end(self, left: Ours, how: StopPolicy) -> None:
        """Stop and remove a container that is no run of this life. Raises StillAlive."""
        ending = self._ending(left.run, left.id, left.name)
        ending.hurry(how)
        self._leaving.add(ending)
        self._listen()
        try:
            await ending.finish()
            await ending.remove()
        finally:
            self._leaving.discard(ending)

    def same(self, left: Ours, spec: RunSpec) -> bool:
        """Is it what a start would make today?"""
        return left.spec == labels.digest(spec)

    async def _with_token(self, token_id: int) -> list[Ours]:
        return await self._listed({labels.BOT_ID: str(token_id)})

    async def _listed(self, wanted: dict[str, str]) -> list[Ours]:
        filters = {"label": [f"{name}={value}" for name, value in wanted.items()]}
        entries = await self._engine.call(lambda api: api.containers(all=True, filters=filters), patience=_ASK)
        return [ours for entry in entries if (ours := labels.listed(entry)) is not None]

    # starting

    async def _create(self, order: StartOrder) -> tuple[str, str]:
        """The id and name of a new container; names that strangers have are passed over."""
        volumes = await self._here.volumes(creation.container_of(order.spec).volumes, order.spec.user)
        image = self.images.reference(creation.container_of(order.spec), order.run.bot)
        body = creation.body(order, image, labels.labels(order, self._fleet, self._owner), volumes)
        for number in range(1, labels.NAMES + 1):
            name = labels.name_of(order.run.bot, number)
            for _ in range(2):
                try:
                    made = await self._engine.call(partial(_create, body=body, name=name))
                except Clash:
                    if not await self._cleared(name):
                        break
                else:
                    return str(made["Id"]), name
        raise StartRefused(f"the names {labels.name_of(order.run.bot)} and so on are all taken", permanent=False)

    async def _cleared(self, name: str) -> bool:
        """Is the name free now? What has it and is ours is over, or is ended: it is no run of this life."""
        found = [each for each in await self._listed({labels.FLEET: self._fleet}) if each.name == name]
        if not found or any(run.ending.identity == found[0].id for run in self._runs.values()):
            return False
        await self.end(found[0], StopPolicy())
        return True

    async def _withdraw_unless_alone(self, order: StartOrder, identity: str) -> None:
        for other in await self._with_token(order.spec.token.id):
            if other.id == identity:
                continue
            if other.fleet == self._fleet:
                if not any(run.ending.identity == other.id for run in self._runs.values()):
                    await self.end(other, StopPolicy())
                    continue
            elif other.state == "created" and time.time() - other.created > STALE:
                await self._ending(other.run, other.id, other.name).remove()
                continue
            elif not other.alive and other.state != "created":
                continue
            raise StartRefused(f"the token is in use by {_holder(other)}", permanent=False)

    async def _make_ready(self, order: StartOrder, identity: str) -> None:
        container = creation.container_of(order.spec)
        for network in container.networks[1:]:
            await self._engine.call(partial(_connect, container=identity, network=network))
        if container.token_delivery is TokenDelivery.FILE:
            archive = creation.token_archive(order.spec.token.reveal(), order.spec.user)
            await self._engine.call(lambda api: api.put_archive(identity, creation.TOKEN_FOLDER, archive))

    async def _address(self, identity: str) -> str:
        with contextlib.suppress(EngineError):
            data = await self._engine.call(lambda api: api.inspect_container(identity))
            networks = (data.get("NetworkSettings") or {}).get("Networks") or {}
            return next((str(net["IPAddress"]) for net in networks.values() if net.get("IPAddress")), "")
        return ""

    # runs of this life

    def _ending(self, run: RunId, identity: str, name: str) -> Ending:
        return Ending(self._engine, run, identity, name, self._patience)

    def _keep(
        self, run: RunId, ending: Ending, identity: str, name: str, sink: LogSink, address: str | None
    ) -> Handle:
        reading = Reading(
            self._engine, identity, Output(identity, self._folder / f"{run.bot}.json", sink), ending.wake
        )
        self._runs[run] = _Run(ending, reading, self._finishing(run, ending, reading))
        self._listen()
        return Handle("docker", run, {"container": identity, "name": name, "address": address or ""})

    def _finishing(self, run: RunId, ending: Ending, reading: Reading) -> asyncio.Task[Exit]:
        task = asyncio.create_task(_finish(ending, reading), name=f"run {run}")
        task.add_done_callback(lambda task: task.cancelled() or task.exception())  # kept for whoever waits later
        return task

    def _forget(self, run: RunId) -> None:
        """Ended runs of the same bot need no memory once a new one starts."""
        for old in [other for other in self._runs if other.bot == run.bot]:
            finish = self._runs[old].finish
            if finish.done() and finish.exception() is None:
                del self._runs[old]
            else:
                raise StartRefused(f"the run {old} has not ended yet", permanent=False)

    def _listen(self) -> None:
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._hear_events(), name="engine's events")

    async def _hear_events(self) -> None:
        """News of our containers, for all of them over one connection; whoever is woken looks for himself."""
        filters = json.dumps({"type": ["container"], "label": [f"{labels.FLEET}={self._fleet}"]})
        while True:
            with contextlib.suppress(EngineError):
                async with self._engine.stream("/events", filters=filters) as events:
                    self._wake(None)
                    async for line in events.content:
                        self._hear(json.loads(line))
            self._wake(None)
            await asyncio.sleep(_AGAIN)

    def _hear(self, event: dict[str, Any]) -> None:
        action, actor = event.get("Action"), (event.get("Actor") or {})
        if action == "pause":
            name = (actor.get("Attributes") or {}).get("name")
            log.warning("the container %s was paused by somebody: docker unpause %s", name, name)
        if action in ("die", "destroy", "stop", "kill", "oom", "unpause"):
            self._wake(str(actor.get("ID")))

    def _wake(self, identity: str | None) -> None:
        for ending in [*(run.ending for run in self._runs.values()), *self._leaving]:
            if identity in (None, ending.identity):
                ending.wake()


async def _finish(ending: Ending, reading: Reading) -> Exit:
    ended = await ending.finish()
    await reading.finish()
    await ending.remove()
    return ended


def _create(api: Any, *, body: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(api.create_container_from_config(body, name))


def _connect(api: Any, *, container: str, network: str) -> None:
    api.connect_container_to_network(container, network)


def _holder(other: Ours) -> Holder:
    return Holder(0, other.created, other.owner or f"fleet {other.fleet}", other.run.bot, container=other.name)


def _refusal(error: EngineError, order: StartOrder) -> str:
    if isinstance(error, Unreachable):
        return str(error)
    if isinstance(error, Missing) and "image" in str(error).lower():
        image = creation.container_of(order.spec).image
        return f"there is no image {image or 'of this bot'} on the engine: pull it, or mend `image`"
    if isinstance(error, Missing) and "network" in str(error).lower():
        return f"{error}: create it (docker network create), or mend `networks`"
    return f"the engine refused to start it: {error}"
