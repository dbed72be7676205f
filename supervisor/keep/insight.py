"""What this host shows of a bot, in the core's words: other users of its token, its source, its connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from supervisor.core.steps import Looked, SourceRead
from supervisor.model.bots import BotSpec, RunnerKind, RunSpec
from supervisor.model.rivals import Connections
from supervisor.model.runs import RunId
from supervisor.rivals.connections import count
from supervisor.rivals.host import HostEyes
from supervisor.runners.marks import Mark
from supervisor.runners.proctable import ProcessTable


class Insight:
    """Asks the room `rivals` for all bots of one supervisor."""

    def __init__(self, eyes: HostEyes, table: ProcessTable, mark: Callable[[RunId, RunnerKind], Mark]) -> None:
        self._eyes = eyes
        self._table = table
        self._mark = mark

    async def look(self, spec: BotSpec, *, stop: bool) -> Looked:
        """With `stop`, those that are surely rivals are ended, and then it is looked again."""
        tokens = {int(spec.token_id): spec.run.token.reveal()}
        ways = {int(spec.token_id): spec.run.proxy or spec.run.api_url}
        sighting = await self._eyes.sight(tokens, ways)
        sure = [rival for rival in sighting.rivals if rival.sure]
        if not stop or not sure:
            return Looked(sighting)
        done = await self._eyes.stop(sure)
        return Looked(await self._eyes.sight(tokens, ways, anew=True), done)

    async def read_source(self, spec: BotSpec) -> SourceRead:
        from supervisor.rivals.source import read_source

        container = spec.run.container
        if container is not None and container.build is None:
            return SourceRead(())  # an image's insides are not on this host
        return SourceRead(await asyncio.to_thread(read_source, spec.run.cwd, spec.run.command))

    async def count_connections(self, run: RunId, spec: RunSpec) -> Connections:
        async def pids() -> Sequence[int]:
            snapshot = await self._table.scan()
            return [process.pid for process in snapshot.members(self._mark(run, spec.runner))]

        return await count(pids, spec.api_url, spec.proxy)
