"""Virtual environments whose interpreter vanished: a system upgrade does that, and the bot cannot start any more."""

from __future__ import annotations

from pathlib import Path

from supervisor.config.world import find_venv, wrong_with_venv
from supervisor.doctor.patient import Patient
from supervisor.model.findings import Finding, Level


def check_venv(patient: Patient, state_dir: Path) -> Finding | None:
    """None for a bot without one. One that the supervisor made is made anew by it at the next start."""
    run = patient.spec.run
    given = run.venv or find_venv(run.cwd, run.command)
    if given is not None:
        if wrong := wrong_with_venv(given, str(given)):
            return patient.found("venv", Level.PROBLEM, wrong, f"python3 -m venv --clear {given}")
        return patient.found("venv", Level.OK, f"{given} has its interpreter")
    own = state_dir / "venvs" / patient.name
    if not own.is_dir():
        return None
    if wrong := wrong_with_venv(own, str(own)):
        return patient.found("venv", Level.WARNING, wrong, f"botctl restart {patient.name}    # makes it anew")
    return patient.found("venv", Level.OK, f"{own} (made by `setup`) has its interpreter")
