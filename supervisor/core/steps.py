"""The words of a procedure: the steps it may ask for, the answers it may get, how it may end.

A procedure (preflight.py, healing.py) is a generator: it yields a step, receives the answer and goes on, so
that a long story reads straight down. It knows no clock; time reaches it as the `took` of an answer.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from supervisor.model.incidents import Diagnosis
from supervisor.model.rivals import LoopSpot, Sighting


@dataclass(frozen=True, slots=True)
class Prepare:
    """Run the bot's `setup` where it is due."""


@dataclass(frozen=True, slots=True)
class Identify:
    """getMe."""


@dataclass(frozen=True, slots=True)
class ReadWebhook:
    """getWebhookInfo."""


@dataclass(frozen=True, slots=True)
class DeleteWebhook:
    """deleteWebhook; `drop` only where the user asked for it."""

    drop: bool = False


@dataclass(frozen=True, slots=True)
class Probe:
    """Hold a getUpdates open for `seconds`: only ever asked while our own run is proved gone."""

    seconds: float


@dataclass(frozen=True, slots=True)
class LookAround:
    """Look for other users of the token on this host; with `stop`, end those that can be ended for good."""

    stop: bool = False


@dataclass(frozen=True, slots=True)
class ReadSource:
    """Look into the bot's folder for places that start polling or set a webhook."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Let `seconds` pass; `why` is shown beside the countdown."""

    seconds: float
    why: str


Step = Prepare | Identify | ReadWebhook | DeleteWebhook | Probe | LookAround | ReadSource | Pause


@dataclass(frozen=True, slots=True)
class Done:
    """The step succeeded and has nothing to tell."""


@dataclass(frozen=True, slots=True)
class Identified:
    bot_id: int
    username: str


@dataclass(frozen=True, slots=True)
class WebhookSeen:
    """`host` is the address's host, "" without a webhook: the rest of a webhook's URL may be a secret."""

    host: str
    pending: int
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Probed:
    """`rival`: another getUpdates ended ours. `waiting`: updates were there, so the probe proves nothing."""

    seconds: float
    rival: bool
    waiting: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """`stopped` says in words what was done about the rivals."""

    sighting: Sighting
    stopped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceRead:
    spots: tuple[LoopSpot, ...]


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Telegram could not be reached, for `took` seconds of trying."""

    reason: str
    took: float


@dataclass(frozen=True, slots=True)
class Denied:
    """Telegram answered with a refusal that is not about the token."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The token is not valid."""

    reason: str


@dataclass(frozen=True, slots=True)
class PrepareFailed:
    reason: str
    permanent: bool


Answer = Done | Identified | WebhookSeen | Probed | Looked | SourceRead | NoAnswer | Denied | Rejected | PrepareFailed


@dataclass(frozen=True, slots=True)
class Go:
    """Start the bot; `unverified` says what could not be checked, "" when all was."""

    unverified: str = ""


@dataclass(frozen=True, slots=True)
class Fail:
    """Do not start; only a person or an edit changes that."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rest:
    """Try again later, as after a crash."""

    reason: str


@dataclass(frozen=True, slots=True)
class NextRound:
    """This round of healing failed before a start: go to the next one."""


@dataclass(frozen=True, slots=True)
class Hold:
    diagnosis: Diagnosis


Verdict = Go | Fail | Rest | NextRound | Hold
Procedure = Generator[Step, Answer, Verdict]
