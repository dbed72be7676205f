"""JSON of the control API back into the model, forgiving about versions.

A newer supervisor may send more keys, an older one fewer: what is unknown is left out, what is missing is empty.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from supervisor.model.incidents import Cause, Diagnosis, Incident, IncidentStep, Outcome
from supervisor.model.plans import Change, ChangeKind, Effect, Reload
from supervisor.model.status import BotStatus, FleetStatus, Phase, SupervisorStatus


def fleet_from(body: Any) -> FleetStatus:
    about = _known(SupervisorStatus, body["supervisor"])
    about |= {key: tuple(about[key] or ()) for key in ("problems", "warnings", "faults")}
    return FleetStatus(SupervisorStatus(**about), tuple(bot_from(bot) for bot in body["bots"]))


def bot_from(body: Any) -> BotStatus:
    return BotStatus(**(_known(BotStatus, body) | {"state": Phase(body["state"])}))


def plan_from(body: Any) -> Reload:
    changes = tuple(
        Change(each["bot"], ChangeKind(each["kind"]), tuple(each["fields"]), Effect(each["effect"]))
        for each in body["changes"]
    )
    return Reload(changes, tuple(body["problems"]), tuple(body["warnings"]))


def _known(shape: type, body: Any) -> dict[str, Any]:
    return {field.name: body.get(field.name) for field in fields(shape)}


def incident_from(body: Any) -> Incident:
    found = body["diagnosis"]
    lists = ("evidence", "unknown", "remedy")
    diagnosis = found and Diagnosis(
        **(_known(Diagnosis, found) | {"cause": Cause(found["cause"])} | {key: tuple(found[key]) for key in lists})
    )
    steps = tuple(IncidentStep(**_known(IncidentStep, step)) for step in body["steps"])
    rest = {"outcome": Outcome(body["outcome"]), "steps": steps, "diagnosis": diagnosis}
    return Incident(**(_known(Incident, body) | rest))
