"""`botctl incidents --last`: one incident from its first sign to its end, in words."""

from __future__ import annotations

import json
from dataclasses import replace

from supervisor.cli.story import story
from supervisor.model.incidents import Cause, Diagnosis, Incident, IncidentStep, Outcome
from tests.cli.conftest import Botctl
from tests.fakes.supervisor import FakeSupervisor

AT = 1_795_179_600.0  # 2026-11-20 13:00:00 UTC
FIRST = (
    "first sign in its log: another getUpdates with the same token ended the bot's poll (409); 3 more signs followed"
)
FOUND = Diagnosis(Cause.RIVAL, "somebody else polls", ("the probe met it",), ("who",), ("stop it", "or revoke"))
STEPS = (IncidentStep(AT + 1, "deleteWebhook", "done"), IncidentStep(AT + 62, "probe: hold a getUpdates for 50 s"))
HELD = Incident(12, "shop", 2, "conflict.get_updates", AT, None, Outcome.HELD, 4, STEPS, FOUND)
HEALED = Incident(11, "news", 1, "conflict.set_webhook", AT - 100, AT - 40, Outcome.RECOVERED, 1, (), None)


async def test_the_story_of_one_that_is_held(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.known_incidents = [HELD, HEALED]
    done = await botctl("incidents", "shop", "--last")
    assert done.code == 0
    assert done.lines == [
        "Incident #12: bot shop (2), 2026-11-20 13:00:00",
        "",
        f"13:00:00  +0s       {FIRST}",
        "13:00:01  +1s       deleteWebhook: done",
        "13:01:02  +1m 2s    probe: hold a getUpdates for 50 s: under way",
        "                    HELD: healing did not help, the bot is not run; `botctl start` tries anew",
        "",
        "Diagnosis: somebody else polls",
        "Seen:",
        "  -  the probe met it",
        "Not known:",
        "  -  who",
        "What to do:",
        "  1. stop it",
        "  2. or revoke",
    ]


async def test_one_that_healed_has_its_end_in_the_timeline(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.known_incidents = [HEALED]
    done = await botctl("incidents", "--last")
    assert done.lines[-1] == "12:59:20  +1m       RECOVERED: no further sign came; over after 1m"
    assert "somebody set a webhook" in done.lines[2]


async def test_json_is_that_one_incident(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.known_incidents = [HELD, HEALED]
    done = await botctl("incidents", "--last", "--json", "news")
    assert json.loads(done.out) == json.loads(json.dumps(HEALED.as_json()))


async def test_none_and_a_wrong_name(botctl: Botctl, fake: FakeSupervisor) -> None:
    assert (await botctl("incidents", "news", "--last")).out == "no incidents of news\n"
    assert (await botctl("incidents", "news", "--last", "--json")).out == "null\n"
    done = await botctl("incidents", "newz", "--last")
    assert (done.code, "did you mean news?" in done.err) == (2, True)


def test_every_end_is_told_and_nothing_reaches_the_terminal_raw() -> None:
    for outcome in Outcome:
        told = "\n".join(story(replace(HELD, outcome=outcome), columns=None, colours=False))
        assert outcome.upper() in told
    hostile = replace(HELD, steps=(IncidentStep(AT, "wait", "\x1b[2Jgone\nline"),))
    assert "\x1b" not in "\n".join(story(hostile, columns=None, colours=False))


def test_a_narrow_terminal_wraps_under_the_text() -> None:
    told = story(HELD, columns=70, colours=False)
    assert all(len(line) <= 70 for line in told)
    assert told[3].startswith(" " * 20)
