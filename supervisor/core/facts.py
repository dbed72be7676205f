"""What the machine for one bot knows: the run, the lease, the story in progress, the timers. No decisions here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from supervisor.core.evidence import Trouble
from supervisor.core.steps import Pause, Procedure, Step
from supervisor.model.bots import BotSpec, Policy, RunSpec
from supervisor.model.incidents import Diagnosis
from supervisor.model.leases import Holder
from supervisor.model.rivals import Sighting
from supervisor.model.runs import Handle


class Stage(Enum):
    """The life of one run; it only moves forward, but for STUCK -> STOPPING when we try again to end it."""

    LAUNCHING = auto()
    RUNNING = auto()
    STOPPING = auto()
    STUCK = auto()


@dataclass(frozen=True, slots=True)
class Backlog:
    """Waiting updates that have not become fewer since `since` (monotonic), when there were `first` of them."""

    since: float
    first: int
    last: int


@dataclass(slots=True)
class Run:
    """One run. `ready` and `bad_checks` are what its health answered; `complaint` is why it is not well.

    `counting`: counts of its connections that are under way.
    """

    number: int
    spec: RunSpec
    stage: Stage = Stage.LAUNCHING
    started_at: float = 0.0
    handle: Handle | None = None
    port: int | None = None
    ready: bool = False
    port_opened: bool = False
    bad_checks: int = 0
    health: str | None = None
    complaint: str = ""
    ailing: bool = False
    stalled: bool = False
    token_asked: bool = False
    backlog: Backlog | None = None
    counting: int = 0
    ended_by_us: bool = False
    stuck: str = ""


@dataclass(slots=True)
class LeaseFact:
    """`epoch` is None while it is only asked for; `refused` says why the last asking failed."""

    token_id: int
    epoch: int | None = None


class Tale(Enum):
    """Which procedure is under way."""

    PREFLIGHT = auto()
    HEALING = auto()
    RETRY = auto()


@dataclass(slots=True)
class Story:
    """A procedure under way for `spec`; `step` is the number of the step that has not been answered yet."""

    tale: Tale
    steps: Procedure
    spec: BotSpec
    number: int = 0
    step: Step | None = None
    pause_until: float = 0.0
    abandoned: bool = False

    @property
    def pausing(self) -> Pause | None:
        return self.step if isinstance(self.step, Pause) else None


class Timer(Enum):
    """What a timer is for; setting one anew replaces it, and news of the replaced one is dropped."""

    CLAIM = auto()
    REST = auto()
    SETTLE = auto()
    OPEN_PORT = auto()
    QUIET = auto()
    HOLD = auto()
    UNSTICK = auto()
    COUNT = auto()


@dataclass(slots=True)
class Facts:
    """Everything known about one bot; wanted and seen stand side by side and are never the same field."""

    name: str
    last_run: int = 0

    spec: BotSpec | None = None
    wanted: bool = False
    unwanted_why: str = ""
    paused: bool = False
    restart_asked: bool = False

    run: Run | None = None
    lease: LeaseFact | None = None
    lease_refused: Holder | str | None = None

    story: Story | None = None
    cleared: bool = False
    unverified: str = ""
    sighting: Sighting | None = None
    bot_id: int | None = None
    username: str | None = None

    trouble: Trouble | None = None
    round_due: bool = False
    retry_due: bool = False
    held: Diagnosis | None = None

    failed: str = ""
    finished: str = ""
    rest_reason: str = ""
    failures: int = 0
    not_before: float = 0.0

    starts: int = 0
    conflicts: int = 0

    timers: dict[Timer, tuple[int, float]] = field(default_factory=dict)
    next_number: int = 0

    @property
    def active(self) -> bool:
        """Should this bot have a run now or soon (lease, preflight and rests permitting)?"""
        return (
            self.wanted
            and self.spec is not None
            and self.spec.enabled
            and not self.paused
            and not self.failed
            and not self.finished
        )

    @property
    def policy(self) -> Policy:
        """How the bot is to be treated now, which may be newer than its run."""
        return self.spec.policy if self.spec is not None else Policy()

    @property
    def at_rest(self) -> bool:
        """Nothing runs, nothing is held, nothing is under way."""
        return self.run is None and self.lease is None and self.story is None

    def due(self, timer: Timer) -> float | None:
        entry = self.timers.get(timer)
        return entry[1] if entry else None
