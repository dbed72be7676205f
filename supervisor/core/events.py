"""Everything the core can be told. Facts are past tense; wishes of the user come in the same way."""

from __future__ import annotations

from dataclasses import dataclass

from supervisor.core.steps import Answer
from supervisor.model.bots import BotSpec
from supervisor.model.leases import Holder
from supervisor.model.rivals import Connections
from supervisor.model.runs import Exit, Handle
from supervisor.model.signs import Sign


@dataclass(frozen=True, slots=True)
class Wanted:
    """bots.yaml names this bot, like this; `paused` is what was kept over a restart of the daemon."""

    spec: BotSpec
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Unwanted:
    """bots.yaml names this bot no more, or the supervisor is leaving."""

    why: str


@dataclass(frozen=True, slots=True)
class StopAsked:
    """A person wants it stopped until they say otherwise."""


@dataclass(frozen=True, slots=True)
class StartAsked:
    """A person wants it started: also ends a hold, a failure, a rest."""


@dataclass(frozen=True, slots=True)
class RestartAsked:
    """A person wants a new run."""


@dataclass(frozen=True, slots=True)
class LeaseTaken:
    token_id: int
    epoch: int


@dataclass(frozen=True, slots=True)
class LeaseRefused:
    token_id: int
    by: Holder


@dataclass(frozen=True, slots=True)
class LeaseUnavailable:
    """The lease could not even be asked for (a full or unwritable lease directory)."""

    token_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class LeaseLost:
    token_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class RunStarted:
    number: int
    handle: Handle
    port: int | None = None


@dataclass(frozen=True, slots=True)
class RunFound:
    """A run of an earlier life goes on, for the bot that `wish` wants; told first of all, before any other event.

    `epoch` is that of its lease, None when it could not be had; `same`: it is what a start would make today.
    """

    number: int
    handle: Handle
    wish: Wanted
    epoch: int | None
    same: bool
    port: int | None = None


@dataclass(frozen=True, slots=True)
class RunRefused:
    number: int
    reason: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class RunExited:
    """Nothing of the run is left; the runner has proved it."""

    number: int
    exit: Exit


@dataclass(frozen=True, slots=True)
class RunStuck:
    """Something of the run cannot be killed."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class SignSeen:
    number: int
    sign: Sign


@dataclass(frozen=True, slots=True)
class HealthSeen:
    """One question to a web bot: `port_open` tells a closed port from a bad answer."""

    number: int
    ok: bool
    port_open: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ConnectionsSeen:
    """How many long-lived connections to its API host the run held at once."""

    number: int
    connections: Connections


@dataclass(frozen=True, slots=True)
class BacklogSeen:
    """getWebhookInfo beside a live run: `host` is a webhook's, "" without one."""

    number: int
    pending: int
    host: str
    last_error: str


@dataclass(frozen=True, slots=True)
class TokenChecked:
    """The answer to CheckToken; `rejected` is "" unless Telegram refused the token."""

    number: int
    rejected: str


@dataclass(frozen=True, slots=True)
class StepDone:
    step: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Elapsed:
    timer: int


Event = (
    Wanted
    | Unwanted
    | StopAsked
    | StartAsked
    | RestartAsked
    | LeaseTaken
    | LeaseRefused
    | LeaseUnavailable
    | LeaseLost
    | RunStarted
    | RunFound
    | RunRefused
    | RunExited
    | RunStuck
    | SignSeen
    | HealthSeen
    | ConnectionsSeen
    | BacklogSeen
    | TokenChecked
    | StepDone
    | Elapsed
)
