"""Names and labels of our containers: what says whose a container is, also after its supervisor is gone. Pure.

No secret stands in a label: the digest of a spec has the token in it, whose 35 random characters nobody guesses.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from supervisor.model.bots import RunSpec, Token
from supervisor.model.runs import RunId
from supervisor.runners.protocol import StartOrder

FLEET = "botctl.fleet"
BOT = "botctl.bot"
BOT_ID = "botctl.bot_id"
RUN = "botctl.run"
EPOCH = "botctl.epoch"
SPEC = "botctl.spec"
PORT = "botctl.port"
OWNER = "botctl.owner"
NAMES = 9
"""Stable names a bot may have; the first is taken only by something that is not ours, or of another fleet."""


@dataclass(frozen=True, slots=True)
class Ours:
    """A container of some supervisor, by its labels. `state` is the engine's word (running, exited, ...)."""

    id: str
    name: str
    fleet: str
    run: RunId
    token_id: int
    spec: str
    owner: str
    state: str
    created: float
    epoch: int = 0
    port: int | None = None
    address: str = ""

    @property
    def alive(self) -> bool:
        """May a program run in it now? What is paused wakes up again."""
        return self.state in ("running", "paused", "restarting")


def name_of(bot: str, number: int = 1) -> str:
    return f"{bot}-bot-{number}"


def tag_of(bot: str, fleet: str) -> str:
    """The image built for a bot. Upper case and odd ends cannot name images, so those are told apart by a digest."""
    plain = re.sub(r"[^a-z0-9]+", "-", bot.lower()).strip("-")
    if plain != bot:
        plain += "-" + hashlib.sha256(bot.encode()).hexdigest()[:6]
    return f"botctl-{plain}:{fleet[:12]}"


def labels(order: StartOrder, fleet: str, owner: str) -> dict[str, str]:
    return {
        FLEET: fleet,
        BOT: order.run.bot,
        BOT_ID: str(order.spec.token.id),
        RUN: str(order.run.number),
        EPOCH: str(order.lease_epoch),
        SPEC: digest(order.spec),
        PORT: str(order.port or ""),
        OWNER: owner,
    }


def digest(spec: RunSpec) -> str:
    """Equal for runs that are interchangeable."""
    return hashlib.sha256(json.dumps(_plain(spec), sort_keys=True).encode()).hexdigest()[:32]


def listed(data: Mapping[str, Any]) -> Ours | None:
    """From one entry of the engine's list (Docker Engine API, `GET /containers/json`); None if not ours."""
    found = data.get("Labels") or {}
    try:
        networks = ((data.get("NetworkSettings") or {}).get("Networks") or {}).values()
        return Ours(
            id=str(data["Id"]),
            name=str((data.get("Names") or [data["Id"][:12]])[0]).removeprefix("/"),
            fleet=found[FLEET],
            run=RunId(found[BOT], int(found[RUN])),
            token_id=int(found[BOT_ID]),
            spec=found.get(SPEC, ""),
            owner=found.get(OWNER, ""),
            state=str(data.get("State") or ""),
            created=float(data.get("Created") or 0),
            epoch=int(found.get(EPOCH) or 0),
            port=int(found[PORT]) if found.get(PORT) else None,
            address=next((str(net["IPAddress"]) for net in networks if net.get("IPAddress")), ""),
        )
    except (KeyError, ValueError):
        return None


def newest(found: Sequence[Ours]) -> dict[str, Ours]:
    """Of each bot the container to be taken up: a live one before others, then the latest."""
    chosen: dict[str, Ours] = {}
    for each in found:
        if each.state == "created":
            continue
        best = chosen.get(each.run.bot)
        if best is None or (each.alive, each.run.number) > (best.alive, best.run.number):
            chosen[each.run.bot] = each
    return chosen


def _plain(value: Any) -> Any:
    if isinstance(value, Token):
        return value.reveal()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
