"""What the user wants: the fleet of bots.yaml as plain, checked, frozen data.

A bot's wishes come in two halves, because an edit may change either: `RunSpec` is what a run is made of
(any difference needs a restart), `Policy` is how we treat it (adopted in place). Equality of the two
dataclasses is the whole test, so a new field can never be forgotten.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NewType

from supervisor.model.containers import ContainerSpec
from supervisor.model.problems import Problem

TokenId = NewType("TokenId", int)
"""The digits before the colon of a token: public, the bot's user id, and what Telegram's conflict is about."""

SIMULATOR = "simulator"
"""The `api_url` that means: the imitation of Telegram's server inside this supervisor."""


class Mode(StrEnum):
    """`web` opens $PORT and answers its health path; `worker` polls and has no port."""

    WEB = "web"
    WORKER = "worker"


class RunnerKind(StrEnum):
    """What a run is: a child process, or a container of a Docker engine."""

    PROCESS = "process"
    DOCKER = "docker"


class Token:
    """A bot token that cannot be shown by accident: `str`, `repr` and logs give the id only."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    @property
    def id(self) -> TokenId:
        return TokenId(int(self._secret.partition(":")[0]))

    def reveal(self) -> str:
        """The secret itself, for the environment of a run and for calls to Telegram only."""
        return self._secret

    def __repr__(self) -> str:
        return f"Token({self.id}:***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other._secret == self._secret

    def __hash__(self) -> int:
        return hash(self._secret)


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What one run is made of; two runs with equal specs are interchangeable.

    `command` is split already; `env` is the bot's own part of the environment (env_file, then env), without
    the token; `venv` and `setup_venv` are folders (the second one is ours, made before the first start).
    `port` is None for "a free one". `api_url` is an address, never `simulator`, once the daemon filled it in.
    `container` is there where the runner is "docker"; `command` may be empty then: the image's own.
    """

    mode: Mode
    token: Token
    command: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    venv: Path | None = None
    setup: tuple[str, ...] | None = None
    setup_timeout: float = 600.0
    user: str | None = None
    api_url: str = "https://api.telegram.org"
    proxy: str | None = field(default=None, repr=False)
    token_env: tuple[str, ...] = ("TELEGRAM_BOT_TOKEN", "BOT_TOKEN")
    port: int | None = None
    runner: RunnerKind = RunnerKind.PROCESS
    container: ContainerSpec | None = None


@dataclass(frozen=True, slots=True)
class StopPolicy:
    signal: signal.Signals = signal.SIGTERM
    grace: float = 40.0


class RestartWhen(StrEnum):
    ALWAYS = "always"
    ON_FAILURE = "on-failure"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Seconds; the delay doubles from `delay` to `max_delay` and starts anew after `reset_after` seconds up."""

    policy: RestartWhen = RestartWhen.ALWAYS
    delay: float = 1.0
    max_delay: float = 60.0
    reset_after: float = 60.0


class Rivals(StrEnum):
    """What to do about other users of the token on this host: name them, or end them through their keeper."""

    REPORT = "report"
    STOP = "stop"


class OnHold(StrEnum):
    RETRY = "retry"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class ConflictPolicy:
    """The ladder's numbers: seconds, and how many rounds before the bot is held."""

    wait: float = 30.0
    attempts: int = 3
    window: float = 180.0
    probe: float = 50.0
    drop_pending_updates: bool = False
    on_hold: OnHold = OnHold.RETRY
    retry_every: float = 600.0
    rivals: Rivals = Rivals.REPORT


@dataclass(frozen=True, slots=True)
class StallPolicy:
    """A bot that is up while its updates pile up: looked at each `every` seconds, stalled after `after` seconds."""

    restart: bool = False
    after: float = 300.0
    every: float = 60.0


@dataclass(frozen=True, slots=True)
class WebPolicy:
    """How a web bot's health is asked: path, seconds between and for one question, failures in a row that count."""

    health: str = "/health"
    start_timeout: float = 60.0
    interval: float = 10.0
    timeout: float = 5.0
    failures: int = 3


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """Bytes of one log file, and how many rotated ones are kept beside it."""

    max_size: int = 10_000_000
    keep: int = 5


@dataclass(frozen=True, slots=True)
class Policy:
    """How a bot is treated; a change of it needs no restart."""

    stop: StopPolicy = StopPolicy()
    restart: RestartPolicy = RestartPolicy()
    conflict: ConflictPolicy = ConflictPolicy()
    stall: StallPolicy = StallPolicy()
    web: WebPolicy = WebPolicy()
    logs: LogPolicy = LogPolicy()
    preflight: bool = True


@dataclass(frozen=True, slots=True)
class BotSpec:
    """One entry of bots.yaml; `line` is where it stands there."""

    name: str
    run: RunSpec
    policy: Policy = Policy()
    enabled: bool = True
    line: int = 0

    @property
    def token_id(self) -> TokenId:
        return self.run.token.id


@dataclass(frozen=True, slots=True)
class Fleet:
    """The whole of bots.yaml; `files` is everything that was read for it, `warnings` what the user should know."""

    path: Path
    bots: Mapping[str, BotSpec]
    api_url: str = "https://api.telegram.org"
    files: tuple[Path, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def __iter__(self) -> Iterator[BotSpec]:
        return iter(self.bots.values())
