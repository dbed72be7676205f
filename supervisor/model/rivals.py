"""Other users of a token, as far as this host shows them: who they are, who keeps them alive, what was not seen.

Secrets are compared in memory by whoever looks; nothing here holds one. A command line in a `Rival` is redacted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class OwnerKind(StrEnum):
    """Who starts a rival again when it is only killed; `SHELL` and `UNKNOWN` do not."""

    PM2 = "pm2"
    SYSTEMD = "systemd"
    DOCKER = "docker"
    SUPERVISORD = "supervisord"
    TMUX = "tmux"
    SCREEN = "screen"
    CRON = "cron"
    SHELL = "shell"
    BOTCTL = "botctl"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who keeps a rival alive: `name` in its keeper's own words, `stop` the commands that end it for good."""

    kind: OwnerKind
    name: str
    stop: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()


class TokenPlace(StrEnum):
    """Where the token was found; `ENV_FILE` (a .env in its folder) is a hint, the others are proof of having it."""

    ENVIRONMENT = "environment"
    COMMAND_LINE = "command line"
    ENV_FILE = ".env in its working directory"

    @property
    def proves(self) -> bool:
        return self is not TokenPlace.ENV_FILE


@dataclass(frozen=True, slots=True)
class Rival:
    """A program or container, not a run of ours, that has a bot's token. `since` is Unix seconds.

    `pid` is 0 for a container whose process is not visible here. `connected`: it held an open connection to the
    bot's API host when looked at; without that it has the token, and may or may not poll. `sure` is False for
    a hint: the token may be meant for another program, so nothing ends this one unless a person says so.
    `family` is every process of the program, as pids with their start times, parents first.
    """

    bot_id: int
    pid: int
    user: str
    command: str
    since: float
    owner: Owner
    place: TokenPlace
    container: str = ""
    connected: bool = False
    sure: bool = True
    family: tuple[tuple[int, float], ...] = ()

    def __str__(self) -> str:
        what = f"container {self.container}" if self.container else f"pid {self.pid}"
        return f"{what} ({self.user or 'unknown user'}, {self.command}), kept by {self.owner}"

    @property
    def proof(self) -> str:
        """What is known of it, no more: having a token is not polling with it."""
        has = "has the token in " + (
            "a .env in its working directory" if self.place is TokenPlace.ENV_FILE else f"its {self.place}"
        )
        return has + (" and an open connection to the API host" if self.connected else "")


@dataclass(frozen=True, slots=True)
class Sighting:
    """One look at this host: the rivals seen, and in words what could not be read ("" nothing was hidden).

    `also` tells in words of processes that have the token and are not accused: shells and what they handed it to.
    """

    rivals: tuple[Rival, ...] = ()
    unread: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LoopSpot:
    """A place in a bot's source that starts polling or sets a webhook; `path` is relative to the bot's folder.

    `suspect`: together with another place, or with how the bot is started, it makes two loops. A single start of
    polling is what every bot has, and is not suspect. `line` 0: the bot's own command line.
    """

    path: str
    line: int
    what: str
    advice: str
    suspect: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


@dataclass(frozen=True, slots=True)
class Connections:
    """What a run's process tree held open to its API host, over several samples.

    `most`: the largest number of long-lived connections at one moment; healthy libraries hold up to four, so it
    accuses nobody. `pid` holds most of them. `waiting`: the largest number of requests that waited for an answer at
    the same time, each for seconds: 1 for a bot that polls once. None: the kernel did not tell. `waiting_pids` made
    them. `unread`: in words what could not be counted.
    """

    most: int
    samples: int
    pid: int
    unread: str = ""
    waiting: int | None = None
    waiting_pids: tuple[int, ...] = ()

    @property
    def two_polls(self) -> bool:
        """Two requests waited at once. The second can be a slow upload: evidence only beside quiet probes."""
        return self.waiting is not None and self.waiting >= 2
