"""Rivals on this host, and whether a bot polls twice inside: what the room `rivals` saw, as findings. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from supervisor.doctor.patient import Patient, of_host
from supervisor.model.findings import Finding, Level
from supervisor.model.rivals import Connections, LoopSpot, Rival, Sighting


def judge_sighting(patients: Iterable[Patient], seen: Sighting) -> list[Finding]:
    """A line for each rival; what could not be read is said once, as what it is: not "none"."""
    found = []
    for patient in patients:
        here = [rival for rival in seen.rivals if rival.bot_id == patient.spec.token_id]
        found += [_rival(patient, rival) for rival in here]
        if not here:
            told = "no other process or container that could be read here has the token"
            found.append(patient.found("rivals", Level.OK, told))
    found += [of_host("rivals", Level.UNKNOWN, text, "sudo botctl rivals") for text in seen.unread]
    return found + [of_host("rivals", Level.OK, text) for text in seen.also]


def _rival(patient: Patient, rival: Rival) -> Finding:
    level = Level.PROBLEM if rival.sure else Level.WARNING
    hint = "" if rival.sure else "; only a hint, it may be meant for another program"
    remedy = " && ".join(rival.owner.stop) or f"botctl rivals {patient.name}"
    return patient.found("rivals", level, f"{rival}: {rival.proof}{hint}", remedy)


def judge_source(patient: Patient, spots: Iterable[LoopSpot]) -> list[Finding]:
    """Places that make a second loop; a single start of polling is what every bot has."""
    spots = list(spots)
    suspects = [spot for spot in spots if spot.suspect]
    found = [patient.found("loops", Level.WARNING, str(spot), spot.advice) for spot in suspects]
    if found:
        return found
    places = "; ".join(map(str, spots[:3])) or "no place that starts polling was recognised"
    return [patient.found("loops", Level.OK, f"no second loop seen in the source: {places}")]


def judge_connections(patient: Patient, seen: Connections) -> Finding:
    """Two requests that wait at once are two polls, or a poll and a slow upload: a hint, never proof."""
    if seen.unread:
        return patient.found("connections", Level.UNKNOWN, f"requests under way could not be counted: {seen.unread}")
    if seen.waiting is None:
        told = f"{seen.most} connection(s) to the API; the kernel does not tell how many requests wait on them"
        return patient.found("connections", Level.UNKNOWN, told)
    told = f"{seen.most} connection(s) to the API at most, {seen.waiting} request(s) waiting at once"
    told += f", in {seen.samples} samples"
    if patient.is_web and seen.waiting == 1:
        told += ": it is a web bot, and a request that waits for seconds is a poll, or a slow upload"
        return patient.found("connections", Level.WARNING, told, "mode: worker in bots.yaml, if it polls")
    if seen.two_polls:
        told += ": two polls at once, or a poll and a slow upload"
        return patient.found("connections", Level.WARNING, told, f"botctl doctor {patient.name} --probe")
    return patient.found("connections", Level.OK, told)
