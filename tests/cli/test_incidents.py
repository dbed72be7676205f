"""`botctl incidents`: the story of a conflict, readable from top to bottom."""

from __future__ import annotations

import json

from supervisor.model.incidents import Cause, Diagnosis, Incident, IncidentStep, Outcome
from tests.cli.conftest import Botctl
from tests.fakes.supervisor import FakeSupervisor

AT = 1_795_179_600.0  # 2026-11-20 13:00:00 UTC
HELD = Incident(
    id=12,
    bot="shop",
    bot_id=2,
    sign="conflict.get_updates",
    opened=AT,
    closed=AT + 63,
    outcome=Outcome.HELD,
    signs=4,
    steps=(IncidentStep(AT + 1, "deleteWebhook", "done"), IncidentStep(AT + 2, "wait 30 s")),
    diagnosis=Diagnosis(Cause.RIVAL, "somebody else polls", ("the probe met it",), ("who",), ("stop it",)),
)
HEALED = Incident(11, "news", 1, "conflict.get_updates", AT - 100, AT - 40, Outcome.RECOVERED, 1, (), None)


async def test_the_newest_stands_last_with_steps_and_diagnosis(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.known_incidents = [HELD, HEALED]
    done = await botctl("incidents")
    assert done.code == 0
    assert done.lines == [
        "#11 news  2026-11-20 12:58:20  conflict.get_updates  recovered after 1m, 1 sign in the log",
        "",
        "#12 shop  2026-11-20 13:00:00  conflict.get_updates  held after 1m 3s, 4 signs in the log",
        "  13:00:01  deleteWebhook: done",
        "  13:00:02  wait 30 s: under way",
        "  diagnosis: somebody else polls",
        "    seen: the probe met it",
        "    not known: who",
        "    what to do: stop it",
    ]


async def test_json_is_what_the_supervisor_keeps(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.known_incidents = [HELD, HEALED]
    done = await botctl("incidents", "--json", "-n", "1")
    assert json.loads(done.out) == [json.loads(json.dumps(HELD.as_json()))]


async def test_one_bot_and_also_one_that_is_gone(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.known_incidents = [HELD, HEALED]
    del fake.bots["shop"]
    assert (await botctl("incidents", "shop")).lines[0].startswith("#12 shop")
    assert (await botctl("incidents", "shop-2")).out == "no incidents of shop-2\n"


async def test_a_wrong_name_is_not_an_empty_list(botctl: Botctl, fake: FakeSupervisor) -> None:
    done = await botctl("incidents", "newz")
    assert (done.code, done.out) == (2, "")
    assert "did you mean news?" in done.err
