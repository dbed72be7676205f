"""From a survey to programs that have a bot's token: whose processes belong together, and which cannot be meant.

Pure. The rules err towards silence: what a person exported in a shell is in everything started there, and a `.env`
beside bots.yaml is in the folder of every tool used there. Who is connected to the API host is asked for later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from supervisor.model.rivals import TokenPlace
from supervisor.rivals.processes import Process
from supervisor.rivals.programs import is_bystander, is_god_daemon, is_shell_without_script, is_wrapper
from supervisor.rivals.survey import Survey
from supervisor.rivals.tokens import holds


@dataclass(frozen=True, slots=True)
class Suspect:
    """A program that has the token: `shown` stands for it, `family` is all of it, parents first.

    `inherited`: it has the token as everything has that was started there, from a shell or by a keeper. `alone`:
    its .env names no other bot.
    """

    shown: Process
    family: tuple[Process, ...]
    place: TokenPlace
    inherited: bool = False
    alone: bool = True


@dataclass(frozen=True, slots=True)
class Selection:
    """`bystanders` have the token in their environment or command line and are not accused."""

    suspects: tuple[Suspect, ...]
    bystanders: tuple[Process, ...]


def kin_of_runs(survey: Survey, fleet: str, spared: Iterable[int] = ()) -> frozenset[int]:
    """Pids that are nobody's rivals: we, our ancestors, `spared` with theirs, and every process of our own runs.

    A run's child that cleared its environment is known by its parent or its session.
    """
    ours = {pid for pid, process in survey.processes.items() if fleet and process.run.startswith(f"{fleet}/")}
    sessions = {survey.processes[pid].sid for pid in ours} - {
        survey.processes[pid].sid for pid in survey.own & survey.processes.keys()
    }
    ours |= {pid for pid, process in survey.processes.items() if process.sid and process.sid in sessions}
    for pid, process in survey.processes.items():
        if any(elder.pid in ours for elder in survey.ancestors(process)):
            ours.add(pid)
    line = set(survey.own)
    for pid in spared:
        line.add(pid)
        if pid in survey.processes:
            line |= {elder.pid for elder in survey.ancestors(survey.processes[pid])}
    return frozenset(ours | line)


def select(survey: Survey, bot_id: int, secret: bytes, kin: frozenset[int]) -> Selection:
    """The programs that have the token `bot_id`:`secret`."""
    places: dict[int, TokenPlace] = {}
    bystanders = []
    for process in survey.holders.get(bot_id, ()):
        pid = process.pid
        place = _place(process, bot_id, secret)
        if place is None or pid in kin:
            continue
        if not is_bystander(process):
            places[pid] = place
        elif place is not TokenPlace.ENV_FILE:
            bystanders.append(process)
    suspects = [
        _suspect(survey, survey.processes[pid], places, kin, bot_id, secret)
        for pid in places
        if not _has_elder_among(survey, survey.processes[pid], places)
    ]
    return Selection(tuple(suspects), tuple(bystanders))


def _place(process: Process, bot_id: int, secret: bytes) -> TokenPlace | None:
    if holds(process.environment, bot_id, secret):
        return TokenPlace.ENVIRONMENT
    if holds(process.command_line, bot_id, secret):
        return TokenPlace.COMMAND_LINE
    # Who was given another bot's token is that bot.
    if holds(process.env_file, bot_id, secret) and not process.environment and not process.command_line:
        return TokenPlace.ENV_FILE
    return None


def _has_elder_among(survey: Survey, process: Process, places: dict[int, TokenPlace]) -> bool:
    """Whether a holder started it. What a person starts in a shell is a program of its own."""
    for elder in survey.ancestors(process):
        if elder.pid in places:
            return True
        if is_bystander(elder) and not is_wrapper(elder):
            return False
    return False


def _suspect(
    survey: Survey,
    root: Process,
    places: dict[int, TokenPlace],
    kin: frozenset[int],
    bot_id: int,
    secret: bytes,
) -> Suspect:
    top = _top(survey, root, kin)
    shown = root
    while is_wrapper(shown):
        below = [child for child in survey.children.get(shown.pid, ()) if child.pid in places]
        if not below:
            break
        shown = below[0]
    inherited = places[root.pid] is TokenPlace.ENVIRONMENT and _is_common(survey, top, bot_id, secret)
    others = {digits for digits, _ in root.env_file} - {bot_id}
    return Suspect(shown, _descent(top, survey, kin), places[root.pid], inherited, not others)


def _is_common(survey: Survey, top: Process, bot_id: int, secret: bytes) -> bool:
    """Whether others around it have the token as well: something above has, or it was started from a terminal.

    What a shell's start files export is not in the environment that the kernel shows of the shell itself.
    """
    return any(
        holds(elder.environment, bot_id, secret) or (elder.tty and is_shell_without_script(elder))
        for elder in survey.ancestors(top)
    )


def _top(survey: Survey, root: Process, kin: frozenset[int]) -> Process:
    """The start script or wrapper above it, which would start it again: `while true; do python bot.py; done`."""
    top = root
    for elder in survey.ancestors(root):
        if elder.pid in kin or is_god_daemon(elder) or is_shell_without_script(elder) or not is_wrapper(elder):
            break
        top = elder
    return top


def _descent(top: Process, survey: Survey, kin: frozenset[int]) -> tuple[Process, ...]:
    found = [top]
    for process in found:
        found += [
            child for child in survey.children.get(process.pid, ()) if child.pid not in kin and child not in found
        ]
    return tuple(found)
