"""The control API from the outside: answers, refusals, and nothing secret in either."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp
import pytest

from supervisor import __version__
from supervisor.errors import ConfigError, StillAlive
from supervisor.model.incidents import Cause, Diagnosis, Incident, IncidentStep, Outcome
from supervisor.model.plans import Change, ChangeKind, Effect, Reload
from supervisor.model.problems import Problem
from supervisor.model.status import Phase
from tests.fakes.supervisor import FakeSupervisor, Refusal, bot

SECRET = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"


async def test_version_names_program_and_api(api: aiohttp.ClientSession) -> None:
    async with api.get("/version") as answer:
        assert answer.status == 200
        assert await answer.json() == {"version": __version__, "api": 1}


async def test_status_is_the_model_as_it_stands(api: aiohttp.ClientSession, fake: FakeSupervisor) -> None:
    async with api.get("/status") as answer:
        body = await answer.json()
    assert body == json.loads(json.dumps((await fake.status()).as_json()))
    assert [each["name"] for each in body["bots"]] == ["news", "shop"]


@pytest.mark.parametrize("verb", ["start", "stop", "restart"])
async def test_a_wish_is_accepted_and_not_waited_for(
    api: aiohttp.ClientSession, fake: FakeSupervisor, verb: str
) -> None:
    fake.futures["news"] = [bot("news", Phase.STOPPING), bot("news", Phase.OFF)]
    async with api.post(f"/bots/news/{verb}") as answer:
        assert answer.status == 202
        assert (await answer.json())["state"] == "stopping"
    assert fake.asked == [f"{verb} news"]


async def test_an_unknown_bot_is_not_found_and_the_likely_one_named(api: aiohttp.ClientSession) -> None:
    async with api.post("/bots/newz/start") as answer:
        assert answer.status == 404
        assert await answer.json() == {"error": 'no bot is called "newz"', "hint": "did you mean news?"}


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/reload", 405)])
async def test_a_wrong_route_is_refused_in_json(
    api: aiohttp.ClientSession, method: str, path: str, status: int
) -> None:
    async with api.request(method, path) as answer:
        assert answer.status == status
        assert set(await answer.json()) == {"error", "hint"}


async def test_a_wish_by_get_is_no_wish(api: aiohttp.ClientSession, fake: FakeSupervisor) -> None:
    async with api.get("/bots/news/stop") as answer:
        assert answer.status == 405
    assert fake.asked == []


@pytest.mark.parametrize(
    "query", ["/incidents?limit=-1", "/incidents?limit=many", "/logs?n=1e9", "/logs?since=yesterday", "/logs?n=²"]
)
async def test_a_bad_argument_is_named(api: aiohttp.ClientSession, query: str) -> None:
    async with api.get(query) as answer:
        assert answer.status == 400
        assert query.split("?")[1].split("=")[0] in (await answer.json())["error"]


@pytest.mark.parametrize(
    ("failure", "status", "words"),
    [
        (
            ConfigError([Problem(Path("bots.yaml"), 12, 5, "bots.news.mode", "not web or worker")]),
            422,
            "bots.yaml:12:5",
        ),
        (StillAlive([17]), 409, "could not be killed: pid 17"),
        (Refusal("not now"), 409, "not now"),
    ],
)
async def test_what_the_supervisor_refuses_is_told(
    api: aiohttp.ClientSession, fake: FakeSupervisor, failure: Exception, status: int, words: str
) -> None:
    fake.failure = failure
    async with api.post("/reload") as answer:
        assert answer.status == status
        assert words in (await answer.json())["error"]


async def test_an_unexpected_error_is_told_by_its_type_only(api: aiohttp.ClientSession, fake: FakeSupervisor) -> None:
    fake.failure = RuntimeError(f"https://api.telegram.org/bot{SECRET}/getMe")
    async with api.get("/status") as answer:
        assert answer.status == 500
        text = await answer.text()
    assert "RuntimeError" in text
    assert "Fake" not in text


async def test_plan_and_reload_give_the_edit(api: aiohttp.ClientSession, fake: FakeSupervisor) -> None:
    fake.edit = Reload((Change("news", ChangeKind.CHANGED, ("command",), Effect.RESTARTS),), (), ("careful",))
    expected = {
        "changes": [{"bot": "news", "kind": "changed", "fields": ["command"], "effect": "restarts"}],
        "problems": [],
        "warnings": ["careful"],
    }
    async with api.get("/plan") as answer:
        assert await answer.json() == expected
    async with api.post("/reload") as answer:
        assert await answer.json() == expected
    assert fake.asked == ["plan", "reload"]


async def test_incidents_are_filtered_and_limited(api: aiohttp.ClientSession, fake: FakeSupervisor) -> None:
    diagnosis = Diagnosis(Cause.RIVAL, "somebody else polls", ("the probe met it",), (), ("stop it",))
    fake.known_incidents = [
        Incident(3, "shop", 2, "conflict.get_updates", 30.0, 40.0, Outcome.HELD, 4, (), diagnosis),
        Incident(2, "news", 1, "conflict.get_updates", 20.0, 25.0, Outcome.RECOVERED, 1, (), None),
        Incident(
            1, "shop", 2, "conflict.get_updates", 10.0, None, Outcome.OPEN, 1, (IncidentStep(11.0, "stop"),), None
        ),
    ]
    async with api.get("/incidents", params={"bot": "shop", "limit": "1"}) as answer:
        body = await answer.json()
    assert [each["id"] for each in body] == [3]
    assert body[0]["diagnosis"]["cause"] == "rival"
    async with api.get("/incidents") as answer:
        assert [each["id"] for each in await answer.json()] == [3, 2, 1]
