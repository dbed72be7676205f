"""What pydantic found, in words; and answers to keys that people bring along from other tools."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic_core import ErrorDetails

from supervisor.config.findings import said
from supervisor.config.kinds import a_kind, near

_NO_SHELL = 'no shell is offered: where one is needed, write command: ["sh", "-c", "..."]'

# Keys of docker compose, pm2 and systemd, and keys at a wrong place; by the last part of the name.
_ELSEWHERE = {
    "shell": _NO_SHELL,
    "environment": "is called env here",
    "working_dir": "is called cwd here",
    "workdir": "is called cwd here",
    "dir": "is called cwd here",
    "script": "is called command here",
    "cmd": "is called command here",
    "exec": "is called command here",
    "entrypoint": "is called command here",
    "args": "is not a key: write the arguments into command",
    "interpreter": "is not a key: write it into command (python bot.py), or name a venv",
    "stop_signal": "is called stop: {signal: ...} here",
    "stop_grace_period": "is called stop: {grace: ...} here",
    "kill_timeout": "is called stop: {grace: ...} here",
    "timeout": "is not a key here: see stop: {grace: ...}, web: {timeout: ...} and setup_timeout",
    "mem_limit": "is called memory here",
    "network": "is called networks here",
    "network_mode": "is called networks here (networks: [host])",
    "privileged": "is not offered: a bot's container gets no powers over the host",
    "instances": "is not a key: one token has one runner, two would answer each other with 409",
    "replicas": "is not a key: one token has one runner, two would answer each other with 409",
    "autorestart": "is called restart here (restart: always)",
    "restart_policy": "is called restart: {policy: ...} here",
    "ports": "is not a key: a web bot has one port, written as port: 8001",
    "healthcheck": "is not a key: see web: {health: /health}",
    "name": "is not a key: the bot's name is the key above it",
}
_AT_TOP = {
    "version": "is not a key here and not needed: remove the line",
    "services": "is called bots here",
    "apps": "is called bots here",
    "api_url": "belongs under telegram: or a bot",
    "token": "belongs to one bot: write it under bots: and the bot's name",
}
_IN_DEFAULTS = {
    "token": "belongs to one bot, no two may share it: write it under the bot",
    "token_file": "belongs to one bot, no two may share it: write it under the bot",
}


def in_words(error: ErrorDetails, known: Iterable[str]) -> str:
    """One error of validation as a sentence; `known` are the keys that would have been right at its place."""
    kind, value = error["type"], error["input"]
    if kind == "extra_forbidden":
        return unknown_key(error["loc"], known)
    if kind == "missing":
        return "is missing: it lists the bots by name (`bots: {}` when there are none)"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        shown = f" {said(value)}" if isinstance(value, str) and error["loc"][-1:] != ("token",) else ""
        return f"is {a_kind(value)}{shown}, expected a mapping"
    return f"is {a_kind(value)}, which does not fit here"


def unknown_key(location: tuple[int | str, ...], known: Iterable[str]) -> str:
    key = str(location[-1])
    special = _ELSEWHERE
    if len(location) == 1:
        special = _AT_TOP
    elif location[0] == "defaults" and len(location) == 2:
        special = {**_ELSEWHERE, **_IN_DEFAULTS}
    elif location[0] == "bots" and len(location) > 3:
        special = {}
    if key in special:
        return special[key]
    names = list(known)
    guess = near(key, names)
    return f"is not a key that is known here{guess or ' (known: ' + ', '.join(names) + ')'}"
