"""Updates that wait, over a short time. Pure.

The count includes what a healthy poller has in hand just now, and falls by expiry too (looked for each 60 s); 0 is
also what a thief leaves. So a look of seconds proves little, and the words say so.
"""

from __future__ import annotations

from supervisor.doctor.patient import Patient, counted
from supervisor.model.findings import Finding, Level
from supervisor.model.status import Phase


def judge_backlog(patient: Patient, before: int, after: int, seconds: float) -> Finding:
    moved = f"waiting updates: {before}, {seconds:g} s later {after}"
    up = patient.status is not None and patient.status.state is Phase.UP
    if not before and not after:
        return patient.found("backlog", Level.OK, "no update waits (a rival that takes them leaves none either)")
    if after < before and up:
        return patient.found("backlog", Level.OK, f"{moved}: they are being taken")
    if after < before:
        told = f"{moved}, and no run of ours is up: somebody else takes them, or they expired"
        return patient.found("backlog", Level.WARNING, told, f"botctl doctor {patient.name} --probe")
    if not up:
        told = f"{counted(after, 'update')} waiting, and the bot is not up; Telegram keeps messages for 24 h"
        return patient.found("backlog", Level.OK, told)
    return patient.found(
        "backlog",
        Level.WARNING,
        f"{moved}, while the bot is up: it is busy with them, or it has gone deaf",
        f"botctl doctor {patient.name}    # in 5 min: if more wait, botctl restart {patient.name}",
    )
