"""check, plan, reload: what an edit would do, did, or why it did nothing."""

from __future__ import annotations

import json

from supervisor.model.plans import Change, ChangeKind, Effect, Reload
from tests.cli.conftest import Botctl
from tests.fakes.supervisor import FakeSupervisor

EDIT = Reload(
    (
        Change("news", ChangeKind.ADDED, (), Effect.STARTS),
        Change("shop", ChangeKind.CHANGED, ("command", "env.ADMIN_ID"), Effect.RESTARTS),
        Change("shop-2", ChangeKind.CHANGED, ("stop.grace",), Effect.ADOPTS),
        Change("mail", ChangeKind.UNCHANGED),
        Change("old", ChangeKind.REMOVED, (), Effect.STOPS),
        Change("later", ChangeKind.ADDED, (), Effect.NOTHING),
    ),
    (),
    ("bots.yaml:3: token: written out literally",),
)


async def test_plan_shows_each_change_and_its_effect(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.edit = EDIT
    done = await botctl("plan")
    assert done.code == 0
    assert done.lines == [
        "+ news    starts",
        "~ shop    restarts: command, env.ADMIN_ID",
        "~ shop-2  adopts in place: stop.grace",
        "- old     stops",
        "+ later   stays off",
        "5 of 6 bots would change",
    ]
    assert done.err == "warning: bots.yaml:3: token: written out literally\n"
    assert fake.asked == ["plan"]


async def test_reload_applies_and_says_so(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.edit = EDIT
    done = await botctl("reload")
    assert (done.code, done.lines[-1]) == (0, "5 of 6 bots changed")
    assert fake.asked == ["reload"]


async def test_nothing_to_do_is_said_too(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.edit = Reload((Change("mail", ChangeKind.UNCHANGED),))
    assert (await botctl("reload")).out == "nothing changed: bots.yaml is what runs\n"


async def test_a_broken_file_is_bad_usage_with_every_problem(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.edit = Reload((), ("bots.yaml:1:1: a", "bots.yaml:2:1: b"))
    for verb in ("plan", "reload"):
        done = await botctl(verb)
        assert (done.code, done.out) == (2, "")
        assert done.err.splitlines()[:2] == ["bots.yaml:1:1: a", "bots.yaml:2:1: b"]
        assert "nothing was changed" in done.err


async def test_json_is_the_edit_itself(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.edit = EDIT
    assert json.loads((await botctl("plan", "--json")).out) == json.loads(json.dumps(EDIT.as_json()))


async def test_reload_needs_a_supervisor(botctl: Botctl) -> None:
    assert (await botctl("reload")).code == 4
