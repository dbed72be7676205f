"""The difference between two fleets, as data: what `botctl plan` prints and `reload` applies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from supervisor.model.bots import BotSpec, Fleet
from supervisor.model.plans import Change, ChangeKind, Effect


def diff(old: Fleet | None, new: Fleet) -> tuple[Change, ...]:
    """One change a bot, in the order of the new file, removed ones last."""
    before = old.bots if old is not None else {}
    changes = [_change(before.get(spec.name), spec) for spec in new]
    gone = [Change(spec.name, ChangeKind.REMOVED, (), Effect.STOPS) for spec in before.values()]
    return (*changes, *(change for change in gone if change.bot not in new.bots))


def _change(old: BotSpec | None, new: BotSpec) -> Change:
    if old is None:
        return Change(new.name, ChangeKind.ADDED, (), Effect.STARTS if new.enabled else Effect.NOTHING)
    differing = tuple(_differing(old, new))
    if not differing:
        return Change(new.name, ChangeKind.UNCHANGED)
    return Change(new.name, ChangeKind.CHANGED, differing, _effect(old, new))


def _effect(old: BotSpec, new: BotSpec) -> Effect:
    if old.enabled != new.enabled:
        return Effect.STARTS if new.enabled else Effect.STOPS
    if not new.enabled:
        return Effect.NOTHING
    return Effect.RESTARTS if old.run != new.run else Effect.ADOPTS


def _differing(old: BotSpec, new: BotSpec) -> Iterator[str]:
    """Names of the keys in bots.yaml that differ; values stay out, they may be secrets."""
    if old.enabled != new.enabled:
        yield "enabled"
    yield from _fields(old.run, new.run, "")
    yield from _fields(old.policy, new.policy, "")


def _fields(old: object, new: object, prefix: str) -> Iterator[str]:
    for field in fields(new):  # type: ignore[arg-type]  # both are dataclasses of one type
        was, now = getattr(old, field.name), getattr(new, field.name)
        if was == now:
            continue
        name = f"{prefix}{field.name}"
        if is_dataclass(now) and type(was) is type(now):
            yield from _fields(was, now, f"{name}.")
        elif field.name == "env":
            yield from (f"env.{key}" for key in sorted(was.keys() | now.keys()) if was.get(key) != now.get(key))
        else:
            yield name
