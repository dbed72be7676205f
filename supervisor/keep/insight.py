"""What this host shows of a bot, in the core's words: other users of its token, its source, its connections."""

from __future__ import annotations

from supervisor.core.steps import Looked, SourceRead
from supervisor.model.bots import BotSpec, RunSpec
from supervisor.model.rivals import Connections, Sighting
from supervisor.model.runs import RunId


class Insight:
    """Asks the room `rivals`, for all bots of one supervisor."""

    async def look(self, spec: BotSpec, *, stop: bool) -> Looked:
        return Looked(Sighting())

    async def read_source(self, spec: BotSpec) -> SourceRead:
        return SourceRead(())

    async def count_connections(self, run: RunId, spec: RunSpec) -> Connections:
        return Connections(0, 0, 0)
