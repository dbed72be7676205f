"""Whether a bot polls twice inside: the places in its source, and the requests that its run has under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from supervisor.doctor.patient import Patient
from supervisor.doctor.rivals import judge_connections, judge_source
from supervisor.model.findings import Finding, Level
from supervisor.rivals.connections import count
from supervisor.rivals.source import read_folder
from supervisor.rivals.survey import take_survey


async def check_source(patient: Patient) -> list[Finding]:
    reading = await asyncio.to_thread(read_folder, patient.spec.run.cwd, patient.spec.run.command)
    found = judge_source(patient, reading.spots)
    return found + [patient.found("loops", Level.UNKNOWN, f"of its source: {each}") for each in reading.unread]


async def check_connections(patient: Patient) -> Finding | None:
    """None for a bot that does not run; takes some seconds."""
    pid = patient.status.pid if patient.runs and patient.status else None
    if pid is None or not patient.api_url:
        return None
    family = await asyncio.to_thread(_family, pid)

    async def pids() -> Sequence[int]:
        return family

    return judge_connections(patient, await count(pids, patient.api_url, patient.spec.run.proxy))


def _family(pid: int) -> list[int]:
    """The processes of the run that `pid` belongs to: those with its mark, and what descends from it."""
    survey = take_survey()
    first = survey.processes.get(pid)
    mark = first.run if first else ""
    return [
        each.pid
        for each in survey.processes.values()
        if each.pid == pid or (mark and each.run == mark) or any(elder.pid == pid for elder in survey.ancestors(each))
    ]
