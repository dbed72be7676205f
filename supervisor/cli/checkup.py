"""`botctl doctor`: gathers what the room `doctor` needs, asks before a pause, prints the report."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from supervisor.cli.client import Client
from supervisor.cli.exits import Exit, Failed, masked
from supervisor.cli.options import BOTS_YAML
from supervisor.cli.report import as_json, lines
from supervisor.cli.rivals import fleet_id, run_command
from supervisor.cli.terminal import ProgressLine, has_colours, width
from supervisor.doctor.examine import examine
from supervisor.doctor.online import Probing
from supervisor.doctor.patient import Patient, Visit
from supervisor.doctor.probe import QUICK, THOROUGH, Form
from supervisor.doctor.supervisor import lease_is_ours
from supervisor.errors import NotRunning
from supervisor.model.bots import SIMULATOR, BotSpec
from supervisor.model.findings import Finding, Level
from supervisor.model.status import BotStatus, FleetStatus
from supervisor.names import pick
from supervisor.rivals.host import HostEyes


@dataclass(frozen=True, slots=True)
class Wanted:
    """`sure` answers the question before a pause with yes."""

    probe: bool = False
    thorough: bool = False
    sure: bool = False
    as_json: bool = False

    @property
    def form(self) -> Form:
        return THOROUGH if self.thorough else QUICK


class Steering:
    """The running supervisor as the doctor steers it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def stop(self, bot: str) -> None:
        self._client.steer("stop", bot)

    def start(self, bot: str) -> None:
        self._client.steer("start", bot)

    def look(self, bot: str) -> BotStatus | None:
        return next((each for each in self._client.status().bots if each.name == bot), None)


def check_up(state_dir: Path, file: Path, patterns: Sequence[str], wanted: Wanted) -> Exit:
    """FAILED when a problem was found. Raises ConfigError, UnknownBot."""
    visit = _visit(state_dir, file, patterns)
    pid = visit.status.supervisor.pid if visit.status else 0
    eyes = HostEyes(fleet_id(state_dir), masked, run_command, spared=[pid] if pid else [])
    probing = _probing(visit, wanted) if wanted.probe else None
    found = _run(visit, eyes, probing, quiet=wanted.as_json)
    if wanted.as_json:
        print(json.dumps(as_json(found), indent=2, ensure_ascii=False))
    else:
        print("\n".join(lines(found, width=width(), colours=has_colours())))
    return Exit.FAILED if any(each.level is Level.PROBLEM for each in found) else Exit.DONE


def _visit(state_dir: Path, file: Path, patterns: Sequence[str]) -> Visit:
    from supervisor.config.load import load

    status, trouble = _status(state_dir)
    if status is not None and file == BOTS_YAML and not file.exists():
        file = Path(status.supervisor.config)
    fleet = load(file, os.environ)
    names = pick(patterns, list(fleet.bots)) if patterns else list(fleet.bots)
    patients = tuple(_patient(fleet.bots[name], status) for name in names)
    home = Path(os.environ.get("HOME") or Path.home())
    return Visit(fleet, patients, status, state_dir, home, dict(os.environ), trouble)


def _status(state_dir: Path) -> tuple[FleetStatus | None, str]:
    """Of the running supervisor; or None, and why it is not known unless there is none."""
    try:
        return Client(state_dir).status(), ""
    except NotRunning:
        return None, ""
    except Failed as error:
        return None, f"{error}; {error.hint}" if error.hint else str(error)


def _patient(spec: BotSpec, status: FleetStatus | None) -> Patient:
    address = spec.run.api_url
    if address == SIMULATOR:
        address = status.supervisor.api_url if status and status.supervisor.simulated else ""
    bots = status.bots if status else ()
    return Patient(spec, address, next((each for each in bots if each.name == spec.name), None))


def _probing(visit: Visit, wanted: Wanted) -> Probing:
    """With the supervisor in it where a pause of what runs was agreed to."""
    busy = [each.name for each in visit.patients if lease_is_ours(each.status)]
    agreed = bool(busy) and (wanted.sure or (not wanted.as_json and _agrees(busy, wanted.form)))
    return Probing(wanted.form, Steering(Client(visit.state_dir)) if agreed else None, _complain)


def _agrees(names: Sequence[str], form: Form) -> bool:
    """False where nobody is here to ask: then these bots are not probed, and the report says so."""
    if not sys.stdin.isatty():
        return False
    them = "them" if len(names) > 1 else "it"
    answer = input(f"Stop {', '.join(names)} for about {form.seconds:g} s, probe, and start {them} again? [y/N] ")
    return answer.strip().lower() in ("y", "yes")


def _complain(text: str) -> None:
    print(f"botctl: {masked(text)}", file=sys.stderr, flush=True)


def _run(visit: Visit, eyes: HostEyes, probing: Probing | None, *, quiet: bool) -> list[Finding]:
    """SIGTERM and SIGHUP end it as Ctrl-C does: in order, with what was paused started again."""
    progress = ProgressLine()

    async def run() -> list[Finding]:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        if task is not None:
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, task.cancel)
        return await examine(visit, eyes, probing, (lambda _: None) if quiet else progress.show)

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        progress.clear()
