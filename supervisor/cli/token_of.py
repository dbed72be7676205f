"""Whose token `unlock` is about, and the way to its server; a token is never taken from the command line."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.cli.exits import BadUsage, Failed
from supervisor.errors import NotRunning
from supervisor.model.bots import SIMULATOR, Token
from supervisor.names import UnknownBot

TELEGRAM = "https://api.telegram.org"
SHAPE = re.compile(r"[1-9][0-9]{2,19}:[A-Za-z0-9_-]{24,}")


@dataclass(frozen=True, slots=True)
class Given:
    """What was typed."""

    bot: str | None
    file: Path
    token_file: str | None
    api_url: str | None
    proxy: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Target:
    """A token with its way to Telegram; `name` is the bot's in bots.yaml, or ""."""

    name: str
    token: Token
    api_url: str
    proxy: str | None = field(repr=False)


def target(given: Given, state_dir: Path) -> Target:
    """Find the token that is meant. Raises BadUsage, UnknownBot, ConfigError."""
    if given.api_url is not None and not re.match(r"https?://[^/]", given.api_url):
        raise BadUsage("--api-url is no address", "such as https://api.telegram.org or http://127.0.0.1:8081")
    if given.proxy is not None and not re.match(r"(https?|socks5h?)://[^/]", given.proxy):
        raise BadUsage("--proxy is no address", "such as socks5://127.0.0.1:1080 or http://proxy:3128")
    if given.bot is not None:
        if given.token_file is not None:
            raise BadUsage("BOT and --token-file exclude each other", "give one of them")
        return _of_fleet(given.bot, given, state_dir)
    token = checked(_read(given.token_file))
    return Target("", token, given.api_url or TELEGRAM, given.proxy)


def checked(text: str) -> Token:
    """`text` as a token. The error does not repeat it: it may be half of one."""
    text = text.strip()
    if not SHAPE.fullmatch(text):
        raise BadUsage(
            "that is not a bot token", "BotFather gives them as 123456789:AA... (35 characters after the colon)"
        )
    return Token(text)


def _of_fleet(name: str, given: Given, state_dir: Path) -> Target:
    from supervisor.config.load import load

    fleet = load(given.file, os.environ)
    if name not in fleet.bots:
        raise UnknownBot(name, fleet.bots)
    run = fleet.bots[name].run
    address = given.api_url or run.api_url
    if address == SIMULATOR:
        address = _simulator(state_dir)
    return Target(name, run.token, address, given.proxy or run.proxy)


def _simulator(state_dir: Path) -> str:
    from supervisor.cli.client import Client

    try:
        return Client(state_dir).status().supervisor.api_url
    except NotRunning as error:
        raise Failed(
            "this bot uses the simulator, which lives inside the supervisor, and none runs",
            "`botctl up` starts it; --api-url names another server",
        ) from error


def _read(source: str | None) -> str:
    if source == "-":
        return sys.stdin.readline()
    if source is not None:
        try:
            return Path(source).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise BadUsage(f"cannot read {source}: {error.strerror}") from error
    if not sys.stdin.isatty():
        raise BadUsage(
            "whose token?", "botctl unlock BOT, or --token-file FILE, or --token-file - for standard input"
        )
    from getpass import getpass

    return getpass("Token (not shown): ")
