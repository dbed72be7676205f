"""Everything the core can ask for. The performer does each and answers with an event where one is due."""

from __future__ import annotations

from dataclasses import dataclass

from supervisor.core.steps import Step
from supervisor.model.bots import BotSpec, RunSpec, StopPolicy
from supervisor.model.incidents import Diagnosis, Outcome
from supervisor.model.signs import Sign


@dataclass(frozen=True, slots=True)
class TakeLease:
    token_id: int


@dataclass(frozen=True, slots=True)
class DropLease:
    token_id: int


@dataclass(frozen=True, slots=True)
class StartRun:
    number: int
    spec: RunSpec
    epoch: int


@dataclass(frozen=True, slots=True)
class StopRun:
    """May be asked again for the same run when it was stuck, or with a shorter grace."""

    number: int
    how: StopPolicy


@dataclass(frozen=True, slots=True)
class DoStep:
    """One step of a procedure; answered by StepDone with the same number, always, even when abandoned."""

    step: int
    what: Step
    spec: BotSpec


@dataclass(frozen=True, slots=True)
class AbandonStep:
    step: int


@dataclass(frozen=True, slots=True)
class CheckToken:
    """Ask getMe beside a live run: harmless, unlike anything with getUpdates."""

    number: int
    spec: BotSpec


@dataclass(frozen=True, slots=True)
class WatchConnections:
    """Count the run's connections to its API host for a while: a second loop inside it shows there."""

    number: int
    spec: RunSpec


@dataclass(frozen=True, slots=True)
class Wake:
    """Tell Elapsed(timer) after `seconds`, lengthened at random by up to the share `jitter` of them."""

    timer: int
    seconds: float
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class AdoptPolicy:
    """The bot's policy changed in place (log sizes, health questions)."""

    spec: BotSpec


@dataclass(frozen=True, slots=True)
class Report:
    """Tell people something that they should act on, outside any incident."""

    text: str


@dataclass(frozen=True, slots=True)
class OpenIncident:
    sign: Sign


@dataclass(frozen=True, slots=True)
class CountSign:
    """One more sign within the open incident."""


@dataclass(frozen=True, slots=True)
class RecordStep:
    action: str
    result: str


@dataclass(frozen=True, slots=True)
class SettleIncident:
    """The open incident's standing: held stays open with its diagnosis, the others close it."""

    outcome: Outcome
    diagnosis: Diagnosis | None = None


Command = (
    TakeLease
    | DropLease
    | StartRun
    | StopRun
    | DoStep
    | AbandonStep
    | CheckToken
    | WatchConnections
    | Wake
    | AdoptPolicy
    | Report
    | OpenIncident
    | CountSign
    | RecordStep
    | SettleIncident
)
