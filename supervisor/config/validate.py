"""A tree against the shape: every misfit is reported where it stands, and what fits is kept.

Going on with the part that fits is what lets later checks report their problems in the same breath.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from supervisor.config import schema
from supervisor.config.findings import Findings
from supervisor.config.tree import Place, Scalar, Table, Tree, as_data, at, broken, field_under, merged
from supervisor.config.words import in_words

_ROUNDS = 4


def with_defaults(root: Table) -> Table:
    """The same file with `defaults:` laid under every bot; each value keeps the place it was written at."""
    root = _with(root, "defaults", _spread(root.table("defaults")))
    defaults = root.table("defaults")
    shared = Table(defaults.place, {k: v for k, v in defaults.entries.items() if k in schema.Common.model_fields})
    bots = {
        name: merged(shared, _spread(bot)) if isinstance(bot, Table) else bot
        for name, bot in root.table("bots").entries.items()
    }
    return _with(root, "bots", Table(root.table("bots").place, bots))


def _with(root: Table, key: str, value: Table) -> Table:
    """`root` with another table under `key`, unless there is something else than a table."""
    if not isinstance(root.get(key), Table):
        return root
    return Table(root.place, {**root.entries, key: value})


_SHORT = {"restart": "policy", "build": "context"}


def _spread(bot: Table) -> Table:
    """`restart: always` as `restart: {policy: always}`, so that it merges with other keys of restart."""
    for key, meant in _SHORT.items():
        short = bot.get(key)
        if not isinstance(short, Scalar) or not short.text or short.broken:
            continue
        place = short.place
        inner = Scalar(Place(place.file, place.line, place.column, field_under(place.field, meant)), short.text)
        bot = Table(bot.place, {**bot.entries, key: Table(place, {meant: inner})})
    return bot


def validate(root: Table, findings: Findings) -> schema.Fleet:
    """What of the file has the right shape; whatever has not is reported and left out."""
    data: Any = as_data(root)
    for _ in range(_ROUNDS):
        try:
            return schema.Fleet.model_validate(data)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                location = tuple(step for step in detail["loc"] if step != "[key]")
                _report(root, location, in_words(detail, _known_at(location[:-1])), findings)
                _leave_out(data, location)
    return schema.Fleet(bots={})


def _report(root: Table, location: tuple[int | str, ...], message: str, findings: Findings) -> None:
    node: Tree = at(root, location)
    if not broken(node):
        place = node.place
        if at(root, location[:-1]) is node and len(location) == 1:
            place = node.place.child(location[-1])
        findings.problem(place, message)


def _leave_out(data: Any, location: tuple[int | str, ...]) -> None:
    """Remove the key that did not fit (of a list, the whole: a command without its third word is another one)."""
    if location == ("bots",):
        data["bots"] = {}
        return
    for step in location[:-1]:
        inner = data.get(step) if isinstance(data, dict) else None
        if not isinstance(inner, dict):
            location = (step,)
            break
        data = inner
    if isinstance(data, dict):
        data.pop(location[-1], None)


def _known_at(location: tuple[int | str, ...]) -> Mapping[str, object]:
    """The keys of the shape that stands at `location`."""
    shape: type[BaseModel] = schema.Fleet
    steps = ("bot", *location[2:]) if location[:1] == ("bots",) else location
    for step in steps:
        if step == "bot":
            shape = schema.Bot
            continue
        kind = shape.model_fields[str(step)].annotation if str(step) in shape.model_fields else None
        inner = next((k for k in (kind, *get_args(kind)) if isinstance(k, type) and issubclass(k, BaseModel)), None)
        shape = inner or shape
    return shape.model_fields
