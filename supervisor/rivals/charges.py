"""From suspects and containers to charges in people's words: what it is, whose, since when, who keeps it.

Reads more of a process only once it is suspected. Blocks shortly; meant for a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from supervisor.model.rivals import Owner, Rival, TokenPlace
from supervisor.rivals.callers import Address, connected_pids
from supervisor.rivals.cgroups import container_in
from supervisor.rivals.containers import Container, docker_owner, own_container
from supervisor.rivals.judge import Charge
from supervisor.rivals.owners import Readers, owner_of
from supervisor.rivals.processes import user_name
from supervisor.rivals.survey import Survey
from supervisor.rivals.suspects import Suspect
from supervisor.rivals.tokens import holds

_LONGEST_COMMAND = 120


@dataclass(frozen=True, slots=True)
class Case:
    """One bot's question: its token, and where its API host is; `fleet` is the mark of runs that are ours."""

    bot_id: int
    secret: bytes
    addresses: frozenset[Address]
    fleet: str

    def __repr__(self) -> str:
        return f"Case({self.bot_id})"


@dataclass(frozen=True, slots=True)
class Clerk:
    """`redact` takes secrets out of command lines, which people will see."""

    redact: Callable[[str], str]
    readers: Readers = field(default_factory=Readers)

    def write(
        self, case: Case, survey: Survey, suspects: Iterable[Suspect], containers: Iterable[Container]
    ) -> list[Charge]:
        """One charge for each program, and one for each container whatever runs in it."""
        suspects = tuple(suspects)
        connected = connected_pids({each.pid for one in suspects for each in one.family}, case.addresses)
        known = {each.id: each for each in containers if not self._ours(case, each)}
        ours = {each.id for each in containers} - known.keys() | {own_container()}
        charges: list[Charge] = []
        inside: dict[str, Charge] = {}
        for suspect in suspects:
            identity = container_in(self.readers.cgroup(suspect.shown.pid))
            charge = self._of_suspect(case, survey, suspect, connected)
            if not identity or identity == own_container():
                charges.append(charge)
            elif identity not in ours:
                one = _in_container(charge, identity, known.get(identity))
                inside[identity] = _stronger(inside.get(identity), one)
        for identity, container in known.items():
            place = _place(case, container)
            if place is not None and identity not in inside:
                inside[identity] = self._of_container(case, survey, container, place)
        return charges + list(inside.values())

    def _ours(self, case: Case, container: Container) -> bool:
        return bool(case.fleet) and container.run.startswith(f"{case.fleet}/")

    def _of_suspect(self, case: Case, survey: Survey, suspect: Suspect, connected: set[int]) -> Charge:
        shown = suspect.shown
        rival = Rival(
            bot_id=case.bot_id,
            pid=shown.pid,
            user=user_name(shown.uid),
            command=self._command(shown.argv or (shown.name,)),
            since=shown.started,
            owner=owner_of(survey, suspect.family, self.readers),
            place=suspect.place,
            connected=any(each.pid in connected for each in suspect.family),
            family=tuple(each.identity for each in suspect.family),
        )
        return Charge(rival, suspect.inherited, suspect.alone)

    def _of_container(self, case: Case, survey: Survey, container: Container, place: TokenPlace) -> Charge:
        """None of its processes could be read, or none has the token itself."""
        visible = container_in(self.readers.cgroup(container.pid)) == container.id
        process = survey.processes.get(container.pid) if visible else None
        connected = connected_pids([container.pid], case.addresses) if process else ()
        return Charge(
            Rival(
                bot_id=case.bot_id,
                pid=process.pid if process else 0,
                user=container.user,
                command=self._command(container.argv),
                since=container.started,
                owner=docker_owner(container),
                place=place,
                container=container.name,
                connected=bool(connected),
            )
        )

    def _command(self, argv: Iterable[str]) -> str:
        text = self.redact(" ".join(argv))
        return text if len(text) <= _LONGEST_COMMAND else text[: _LONGEST_COMMAND - 3] + "..."


def _in_container(charge: Charge, identity: str, container: Container | None) -> Charge:
    """What Docker keeps is Docker's, whatever runs inside; the families in it end with the container."""
    name = container.name if container else identity[:12]
    owner: Owner = docker_owner(container) if container else docker_owner(Container.unknown(identity))
    return Charge(replace(charge.rival, owner=owner, container=name), alone=charge.alone)


def _stronger(one: Charge | None, other: Charge) -> Charge:
    if one is None or (other.rival.connected and not one.rival.connected):
        return other
    return one


def _place(case: Case, container: Container) -> TokenPlace | None:
    if holds(container.environment, case.bot_id, case.secret):
        return TokenPlace.ENVIRONMENT
    if holds(container.command_line, case.bot_id, case.secret):
        return TokenPlace.COMMAND_LINE
    return None
