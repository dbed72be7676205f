"""Does a supervisor run, on this file; what does it say of the bots; who has each bot's lease."""

from __future__ import annotations

import os
from pathlib import Path

from supervisor.doctor.patient import Patient, Visit, counted, of_host
from supervisor.errors import LeaseHeld
from supervisor.leases import FileLeases, LeaseUnavailable, default_directory
from supervisor.model.findings import Finding, Level
from supervisor.model.leases import Holder
from supervisor.model.status import BotStatus, Phase

_LEVELS = {
    Phase.FAILED: Level.PROBLEM,
    Phase.HELD: Level.PROBLEM,
    Phase.UNHEALTHY: Level.WARNING,
    Phase.RESTING: Level.WARNING,
    Phase.HEALING: Level.WARNING,
}


def check_supervisor(visit: Visit) -> list[Finding]:
    """Of the host: is there one, and does it run what the file says."""
    status = visit.status
    if visit.trouble:
        return [of_host("supervisor", Level.UNKNOWN, visit.trouble)]
    if status is None:
        told = f"none runs on {visit.state_dir}: nothing starts these bots or heals them"
        return [of_host("supervisor", Level.WARNING, told, f"botctl up -f {visit.fleet.path}")]
    about = status.supervisor
    found = [of_host("supervisor", Level.OK, f"version {about.version} runs, pid {about.pid}, on {about.config}")]
    if not _same_file(Path(about.config), visit.fleet.path):
        told = f"the supervisor that runs takes its bots from {about.config}, not from {visit.fleet.path}"
        found = [of_host("supervisor", Level.WARNING, told, f"botctl doctor -f {about.config}")]
    found += [of_host("supervisor", Level.PROBLEM, problem, "botctl check") for problem in about.problems]
    return found


def check_file(visit: Visit) -> Finding:
    """That bots.yaml can be used is known by now; what else is doubtful in it."""
    fleet = visit.fleet
    bots = counted(len(fleet.bots), "bot")
    if fleet.warnings:
        told = f"{bots}, {counted(len(fleet.warnings), 'warning')}, the first: {fleet.warnings[0]}"
        return of_host("bots.yaml", Level.WARNING, told, f"botctl check -f {fleet.path}")
    return of_host("bots.yaml", Level.OK, f"{bots}, no problems")


def check_state(patient: Patient) -> list[Finding]:
    """What the supervisor says of the bot; nothing where none runs."""
    status = patient.status
    if status is None:
        return []
    level = _LEVELS.get(status.state, Level.OK)
    told = str(status.state) + (f": {status.reason}" if status.reason else "")
    remedy = ""
    if level is not Level.OK:
        incident = status.state in (Phase.HELD, Phase.HEALING)
        remedy = f"botctl incidents {patient.name} --last" if incident else f"botctl logs {patient.name} -n 50"
    return [patient.found("state", level, told, remedy)]


def check_lease(patient: Patient) -> Finding:
    """Who has the right to run the token; takes it for an instant where that is the only way to know."""
    status = patient.status
    if status is not None and status.lease is not None:
        return patient.found("lease", Level.OK, "held by this supervisor")
    leases = FileLeases(default_directory(), "botctl doctor")
    if not leases.directory.is_dir():
        return patient.found("lease", Level.OK, "free")
    try:
        leases.take(patient.spec.token_id, patient.name).drop()
    except LeaseHeld as error:
        return _held(patient, error.holder)
    except LeaseUnavailable as error:
        return patient.found("lease", Level.PROBLEM, str(error), f"ls -ld {leases.directory}")
    return patient.found("lease", Level.OK, "free")


def _held(patient: Patient, holder: Holder) -> Finding:
    if not holder.pid:
        remedy = f"fuser -v {default_directory()}/{patient.spec.token_id}.lock"
        return patient.found("lease", Level.PROBLEM, f"held by {holder}", remedy)
    if holder.pid == os.getpid() or _alive(holder.pid):
        told = f"held by another supervisor of this machine, or by what one left behind: {holder}"
        return patient.found("lease", Level.PROBLEM, told, f"ps -fp {holder.pid}    # keep the bot in one of the two")
    told = f"held by what is left of a run whose supervisor is gone ({holder})"
    return patient.found("lease", Level.PROBLEM, told, "botctl up    # ends what an earlier life of it left")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one == other


def lease_is_ours(status: BotStatus | None) -> bool:
    """Whether the supervisor that we speak to holds the bot's lease."""
    return status is not None and status.lease is not None
