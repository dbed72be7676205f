"""Small, valid wishes for the core's tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from supervisor.model.bots import BotSpec, ConflictPolicy, Mode, Policy, RunSpec, Token


def token(bot_id: int = 123456789, letter: str = "F") -> Token:
    return Token(f"{bot_id}:AAFake" + letter * 29)


def spec(name: str = "news", *, bot_id: int = 123456789, **changes: object) -> BotSpec:
    """A worker with small conflict numbers; `changes` are fields of RunSpec, Policy or BotSpec."""
    run = RunSpec(Mode.WORKER, token(bot_id), ("bot",), Path("/"))
    policy = Policy(conflict=ConflictPolicy(wait=5, attempts=3, window=60, probe=10))
    parts: dict[str, dict[str, object]] = {"run": {}, "policy": {}, "bot": {}}
    for key, value in changes.items():
        owner = next(n for n, o in (("run", run), ("policy", policy), ("bot", BotSpec(name, run))) if hasattr(o, key))
        parts[owner][key] = value
    return BotSpec(
        name,
        replace(run, **parts["run"]),  # type: ignore[arg-type]
        replace(policy, **parts["policy"]),  # type: ignore[arg-type]
        **parts["bot"],  # type: ignore[arg-type]
    )
