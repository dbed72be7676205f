"""Patients and visits for the checks of the doctor, with plausible facts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from supervisor.doctor.patient import Patient, Visit
from supervisor.model.bots import BotSpec, Fleet, Mode, RunSpec, Token
from supervisor.model.findings import Finding, Level
from supervisor.model.status import BotStatus, FleetStatus, Phase, SupervisorStatus
from tests.fakes.supervisor import SINCE
from tests.fakes.supervisor import bot as status_of

ID = 123456789
TOKEN = f"{ID}:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
OLDER = f"{ID}:AAOldFakeFakeFakeFakeFakeFakeFakeFF"
URL = "https://api.telegram.org"


def patient(
    *,
    url: str = URL,
    mode: Mode = Mode.WORKER,
    status: BotStatus | None = None,
    token: str = TOKEN,
    cwd: Path = Path("/nonexistent"),
    env: Mapping[str, str] | None = None,
    port: int | None = None,
    name: str = "news",
) -> Patient:
    run = RunSpec(mode, Token(token), ("sh", "bot.sh"), cwd, env or {}, api_url=url, port=port)
    return Patient(BotSpec(name, run), url, status)


def up(**facts: object) -> BotStatus:
    return status_of("news", Phase.UP, **facts)


def off(**facts: object) -> BotStatus:
    return status_of("news", Phase.OFF, **facts)


def visit(
    folder: Path,
    *patients: Patient,
    status: FleetStatus | None = None,
    environ: Mapping[str, str] | None = None,
    files: tuple[Path, ...] = (),
) -> Visit:
    """`folder` is the home, and holds bots.yaml and the state directory."""
    fleet = Fleet(folder / "bots.yaml", {each.name: each.spec for each in patients}, files=files)
    return Visit(fleet, patients, status, folder / "state", folder, environ or {})


def running(config: Path, *bots: BotStatus, problems: tuple[str, ...] = ()) -> FleetStatus:
    return FleetStatus(SupervisorStatus("0.1.0", 4242, SINCE, str(config), URL, False, problems), bots)


def levels(found: list[Finding]) -> dict[str, Level]:
    """Check to level; for a check with several findings the last one."""
    return {each.check: each.level for each in found}
