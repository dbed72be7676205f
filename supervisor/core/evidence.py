"""What an incident brought to light, as facts and as sentences; no reading of them (that is diagnose.py's)."""

from __future__ import annotations

from dataclasses import dataclass, field

from supervisor.core.steps import Probed
from supervisor.model.rivals import Connections, LoopSpot, Rival, Sighting
from supervisor.model.signs import SignKind

MOST_SPOTS = 6
"""Places in the source that a diagnosis names."""


@dataclass(slots=True)
class Trouble:
    """The evidence of one incident, which began at `since` (monotonic seconds).

    `rounds` counts stops for it; `webhooks` are hosts of webhooks that were there, `returns` of those that came
    back after we deleted them; `pending` are counts of waiting updates while our run was stopped, in order.
    """

    since: float = 0.0
    rounds: int = 0
    signs: list[SignKind] = field(default_factory=list)
    probes: list[Probed] = field(default_factory=list)
    webhooks: list[str] = field(default_factory=list)
    returns: list[str] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    sighting: Sighting | None = None
    spots: tuple[LoopSpot, ...] = ()
    connections: Connections | None = None

    @property
    def rivals(self) -> tuple[Rival, ...]:
        return self.sighting.rivals if self.sighting else ()

    @property
    def met(self) -> int:
        """Probes that another getUpdates ended: certain, by the server's own word."""
        return sum(probe.rival for probe in self.probes)

    @property
    def quiet(self) -> list[Probed]:
        """Probes that met nobody and no updates."""
        return [probe for probe in self.probes if not probe.rival and not probe.waiting]

    @property
    def alone(self) -> bool:
        """Probes were held, and none met another poller."""
        return bool(self.quiet) and not self.met

    @property
    def doubled(self) -> bool:
        """Two requests of our own run waited at once."""
        return self.connections is not None and self.connections.two_polls

    def webhook_met(self, host: str) -> None:
        """The first one was simply there; each later one was set again after we deleted it."""
        if self.webhooks:
            self.returns.append(host)
        self.webhooks.append(host)

    def seen(self) -> tuple[str, ...]:
        kinds = ", ".join(f"{self.signs.count(kind)} x {kind}" for kind in dict.fromkeys(self.signs)) or "none"
        return (f"{len(self.signs)} conflict(s) seen while our run was up: {kinds}",)

    def probing(self) -> tuple[str, ...]:
        """What the probes met, and what became of the queue while our run was gone."""
        out = []
        if self.met:
            out.append(
                f"with our own run gone, {self.met} of {len(self.probes)} probe(s) were ended by another getUpdates"
            )
        if self.quiet:
            held = ", ".join(f"{probe.seconds:g} s" for probe in self.quiet)
            out.append(f"with our own run gone, {len(self.quiet)} probe(s) of {held} met no other poller")
        if waiting := sum(probe.waiting for probe in self.probes):
            out.append(f"{waiting} probe(s) were answered at once with waiting updates, which proves nothing")
        falls = [f"{a} to {b}" for a, b in zip(self.pending, self.pending[1:], strict=False) if b < a]
        if falls:
            out.append(f"waiting updates fell from {', '.join(falls)} while our run was gone: taken, or expired")
        return tuple(out)

    def connected(self) -> tuple[str, ...]:
        seen = self.connections
        if seen is None:
            return ()
        if seen.unread:
            return (f"connections of the bot could not be counted: {seen.unread}",)
        if seen.waiting is None:
            return (f"the bot held up to {seen.most} connection(s) to the API at once, in {seen.samples} samples",)
        if seen.waiting < 2:
            return (
                "no two requests of the bot waited at the API together, as loops that rest after a conflict do not",
            )
        pids = ", ".join(map(str, seen.waiting_pids))
        return (f"{seen.waiting} request(s) of the bot waited at the API at the same time (pid {pids})",)

    def spotted(self) -> tuple[str, ...]:
        named = [spot for spot in self.spots if spot.suspect] or list(self.spots)
        return tuple(f"{spot} in the bot's source" for spot in named[:MOST_SPOTS])
