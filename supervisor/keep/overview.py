"""The status of a bot, put together from what its keeper saw; derived at the moment somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from supervisor.core.facts import Facts
from supervisor.keep.keeper import Keeper
from supervisor.keep.usage import Cost
from supervisor.model.bots import BotSpec
from supervisor.model.runs import RunId
from supervisor.model.status import BotStatus


def overview(
    keeper: Keeper, monotonic: float, costs: Mapping[RunId, Cost], incident: dict[str, object] | None
) -> BotStatus:
    """`monotonic` is now; `incident` is the bot's last one, as the journal sums it up."""
    facts = keeper.machine.facts
    spec, run = facts.spec, facts.run
    handle = run.handle if run else None
    cost = costs.get(handle.run) if handle else None
    return BotStatus(
        name=facts.name,
        mode=spec.run.mode.value if spec else "",
        state=keeper.phase,
        reason=keeper.reason(),
        runner=spec.run.runner if spec else "",
        pid=handle.pid if handle else None,
        bot_id=spec.token_id if spec else 0,
        username=facts.username,
        since=iso(keeper.since),
        uptime_s=round(monotonic - run.started_at, 1) if run and handle else None,
        restarts=max(0, facts.starts - 1),
        conflicts=facts.conflicts,
        last_incident=incident,
        port=run.port if run else None,
        health=run.health if run else None,
        lease=_lease(keeper, facts),
        rss_bytes=cost.rss if cost else None,
        cpu_percent=cost.cpu if cost else None,
        container=handle.container[:12] if handle and handle.container else None,
        image=_image(spec),
    )


def _image(spec: BotSpec | None) -> str | None:
    container = spec.run.container if spec else None
    if container is None:
        return None
    return container.image or (f"built from {container.build.context}" if container.build else None)


def _lease(keeper: Keeper, facts: Facts) -> dict[str, object] | None:
    lease = keeper.performer.lease
    if lease is None or facts.lease is None:
        return None
    return {"epoch": lease.epoch, "since": iso(lease.since)}


def iso(unix: float) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds")
