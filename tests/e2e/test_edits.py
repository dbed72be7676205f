"""bots.yaml, .env and env_file are edited under a running supervisor: only what changed is touched."""

from __future__ import annotations

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.processes import environment, runs
from tests.e2e.programs import DEAF, POLLER
from tests.e2e.rig import Rig


def pids(daemon: Daemon) -> dict[str, int]:
    return {bot["name"]: bot["pid"] for bot in daemon.status["bots"]}


async def up_with(rig: Rig, *names: str, command: list[str] = POLLER) -> Daemon:
    for name in names:
        rig.add(name, command)
    rig.write()
    daemon = await rig.up()
    for name in names:
        await daemon.until_bot(name, "up")
    return daemon


async def test_adding_changing_and_removing_touch_nobody_else(rig: Rig) -> None:
    daemon = await up_with(rig, "stays", "changes", "goes")
    before = pids(daemon)
    rig.bots["changes"]["env"] = {"GREETING": "hello"}
    del rig.bots["goes"]
    rig.add("comes", POLLER)
    rig.write()
    await daemon.until_bot("comes", "up")
    await daemon.until(lambda status: len(status["bots"]) == 3)
    await daemon.until(lambda _: daemon.bot("changes")["pid"] not in (None, before["changes"]))
    await daemon.until_bot("changes", "up")
    assert pids(daemon)["stays"] == before["stays"]
    assert await rig.accounts["changes"].ask("env GREETING") == "hello"
    assert runs(rig.fleet, "goes") == set()


async def test_a_policy_is_adopted_without_a_restart(rig: Rig) -> None:
    daemon = await up_with(rig, "news")
    before = pids(daemon)
    rig.bots["news"]["restart"] = {"policy": "never"}
    rig.write()
    await daemon.says("bots.yaml: news changed", "restart", "adopts in place")
    assert (await daemon.get("/status"))["bots"][0]["pid"] == before["news"]
    await rig.accounts["news"].talks("still there")


@pytest.mark.parametrize("save", ["in place", "by renaming"])
async def test_a_broken_edit_changes_nothing_and_is_shown_until_mended(rig: Rig, save: str) -> None:
    daemon = await up_with(rig, "news")
    before = pids(daemon)
    broken = rig.text().replace("mode: worker", "mode: wroker")
    if save == "in place":
        (rig.folder / "bots.yaml").write_text(broken)
    else:
        rig.save("bots.yaml", broken)
    await daemon.says("did you mean worker?")
    status = await daemon.get("/status")
    assert any("did you mean worker?" in problem for problem in status["supervisor"]["problems"])
    assert status["bots"][0]["pid"] == before["news"]
    code, said = await rig.botctl("plan")
    assert (code, "did you mean worker?" in said) == (2, True)

    rig.add("comes", POLLER)
    rig.write()
    await daemon.until_bot("comes", "up")
    status = await daemon.get("/status")
    assert status["supervisor"]["problems"] == []
    assert pids(daemon)["news"] == before["news"]


async def test_a_token_that_moves_never_has_two_runners(rig: Rig) -> None:
    """Two bots exchange their tokens, and a third hands its own to a newcomer."""
    rig.defaults["stop"] = {"grace": "1s"}
    daemon = await up_with(rig, "one", "two", "old", command=DEAF)
    witness = rig.witness()
    for account in rig.accounts.values():
        await account.polls()
    with rig.simulator.watch(witness):
        rig.bots["one"]["token"], rig.bots["two"]["token"] = rig.bots["two"]["token"], rig.bots["one"]["token"]
        rig.bots["new"] = rig.bots.pop("old")
        rig.write()
        await daemon.until_bot("new", "up")
        ids = {name: rig.accounts[name].id for name in ("one", "two")}
        await daemon.until(lambda _: daemon.bot("one")["bot_id"] == ids["two"] and daemon.bot("one")["state"] == "up")
        await daemon.until(lambda _: daemon.bot("two")["bot_id"] == ids["one"] and daemon.bot("two")["state"] == "up")
        for account in rig.accounts.values():
            report = await account.talks("after")
            assert (report["overlaps"], report["overlap_s"], report["lost"]) == (0, 0, 0)
            assert not any(report["conflicts"].values())
    assert witness.complaints == []


async def test_variables_are_those_of_the_files_as_they_are_now(rig: Rig) -> None:
    rig.variables["FROM_DOTENV"] = "first"
    rig.save("news.env", "KEPT=kept\nDROPPED=here\n")
    rig.shell = {"STRAY": "of the shell that started us"}
    account = rig.add("news", POLLER, env={"GIVEN": "${FROM_DOTENV}"}, env_file="news.env")
    rig.write()
    daemon = await rig.up()
    await daemon.until_bot("news", "up")
    assert [await account.ask(f"env {name}") for name in ("GIVEN", "DROPPED", "STRAY")] == ["first", "here", "(none)"]

    rig.variables["FROM_DOTENV"] = "second"
    rig.write()
    await daemon.says("bots.yaml: news changed (env.GIVEN): restarts")
    assert await account.ask("env GIVEN") == "second"

    rig.save("news.env", "KEPT=kept\n")
    await daemon.says("bots.yaml: news changed (env.DROPPED): restarts")
    assert [await account.ask(f"env {name}") for name in ("KEPT", "DROPPED")] == ["kept", "(none)"]


async def test_a_bot_sees_no_other_bots_secrets_and_none_of_the_shell(rig: Rig) -> None:
    rig.shell = {"AWS_SECRET_ACCESS_KEY": "of the administrator"}
    daemon = await up_with(rig, "one", "two")
    for name, pid in pids(daemon).items():
        seen = environment(pid)
        tokens = {value for value in seen.values() if ":AAFake" in value}
        assert tokens == {rig.accounts[name].token}
        assert seen["TELEGRAM_BOT_TOKEN"] == seen["BOT_TOKEN"] == rig.accounts[name].token
        assert "AWS_SECRET_ACCESS_KEY" not in seen
        assert "BOTCTL_STATE_DIR" not in seen
