"""What reading one file brings out, before anything is concluded: plain data, in memory only.

A `token` here names where a bot's token comes from ("env:BOT_TOKEN"), or is a hash of a literal; never a token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

Branch = tuple[tuple[int, int], ...]
"""The arms of `if`, `try` and `match` that a place lies in: (which one, which arm), from the outside in."""


class Kind(StrEnum):
    """What a place does."""

    POLLING = "polling"
    AGAIN = "again"  # starts, once more, a function that polls
    GET_UPDATES = "getUpdates"
    HEALTH = "health"  # a health check that calls getUpdates
    WEBHOOK = "webhook"
    WORKERS = "workers"
    PM2 = "pm2"
    FLASK = "flask"
    RELOAD = "reload"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a program a reader is; the words mean what they mean in `Found`."""

    branch: Branch = ()
    function: str = ""
    background: bool = False
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One place. `call` names it, in our words or as a plain name from the source.

    `background`: the program goes on beside it. `function`: the one it stands in, "" for none. `guarded`: only when
    the file is the program itself (`if __name__ == "__main__"`). `library`: whose advice fits. `several`: more than
    one process, for a place that says how many.
    """

    path: str
    line: int
    kind: Kind
    call: str
    library: str = ""
    background: bool = False
    branch: Branch = ()
    function: str = ""
    guarded: bool = False
    receiver: str = ""
    token: str | None = None
    several: bool = True


@dataclass(frozen=True, slots=True)
class Launch:
    """A function started beside the rest: `Thread(target=name)`. `args` tells two such starts apart."""

    path: str
    line: int
    name: str
    args: str
    branch: Branch = ()
    function: str = ""


@dataclass(slots=True)
class FileFacts:
    """One file: its places, which files it brings in (relative to the bot's folder), what it calls by name.

    `calls` were made outside `if __name__ == "__main__"`, `guarded_calls` inside. `root`: it can be a program.
    """

    path: str
    language: str
    found: list[Found] = field(default_factory=list)
    launches: list[Launch] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    libraries: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    guarded_calls: set[str] = field(default_factory=set)
    root: bool = False


def exclude_each_other(one: Branch, other: Branch) -> bool:
    """Whether no single pass runs both: they lie in different arms of the same fork."""
    arms = dict(other)
    return any(fork in arms and arms[fork] != arm for fork, arm in one)
