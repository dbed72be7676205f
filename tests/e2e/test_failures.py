"""What bots do wrong, in one fleet: each is told in its own words, none is hammered, and the well one stays well."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.e2e.daemon import Daemon
from tests.e2e.processes import ended, runs
from tests.e2e.programs import POLLER, program
from tests.e2e.rig import Rig, rigged

pytestmark = pytest.mark.asyncio(loop_scope="module")

FLOODED = ["sh", "-c", "echo 'error 429: Too Many Requests: retry after 30'; exit 1"]
ILL_SOON = {"start_timeout": "1s", "interval": "100ms", "failures": 2}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with rigged(tmp_path_factory.mktemp("failures")) as (rig,):
        rig.add("well", POLLER)
        refused = rig.add("refused", POLLER)
        rig.add("revoked", POLLER)
        rig.add("missing", ["no-such-program"], setup="true")
        rig.add(
            "unready",
            POLLER,
            setup="sh -c 'echo cannot install; exit 7'",
            restart={"delay": "30s", "max_delay": "30s"},
        )
        rig.add("flooded", FLOODED)
        rig.add("crashing", ["sh", "-c", "exit 5"], restart={"delay": "100ms", "max_delay": "200ms"})
        rig.add("finished", ["sh", "-c", "exit 5"], restart="never")
        rig.add("closed", ["sleep", "1000"], mode="web", web=ILL_SOON)
        rig.add("site", program("web"), mode="web", web=ILL_SOON | {"start_timeout": "1h"})
        rig.write()
        await refused.call("getMe")
        await refused.referee("revoke")
        await rig.up()
        yield rig


@pytest.fixture
def daemon(rig: Rig) -> Daemon:
    assert rig.daemon
    return rig.daemon


async def test_a_refused_token_fails_at_once_and_a_new_one_is_tried(rig: Rig, daemon: Daemon) -> None:
    failed = await daemon.until_bot("refused", "failed")
    assert "Telegram rejected the token" in failed["reason"]
    assert (failed["restarts"], failed["pid"], failed["lease"]) == (0, None, None)
    assert sum("refused: starting -> failed" in line for line in daemon.lines) == 1

    rig.variables["REFUSED_TOKEN"] = rig.accounts["refused"].token[:-1] + "G"
    rig.write()
    await daemon.until_bot("refused", "up")


async def test_a_token_revoked_under_a_running_bot_ends_it(rig: Rig, daemon: Daemon) -> None:
    account = rig.accounts["revoked"]
    await account.talks("hello")
    pid = (await daemon.until_bot("revoked", "up"))["pid"]
    await account.referee("revoke")
    failed = await daemon.until_bot("revoked", "failed")
    assert "Telegram rejected the token" in failed["reason"]
    await ended(pid)
    assert runs(rig.fleet, "revoked") == set()


async def test_a_command_that_is_not_there_fails_with_its_name(daemon: Daemon) -> None:
    failed = await daemon.until_bot("missing", "failed")
    assert "command not found: no-such-program" in failed["reason"]
    assert failed["pid"] is None


async def test_a_setup_that_fails_is_told_with_its_output(daemon: Daemon) -> None:
    unready = await daemon.until_bot("unready", "resting", "failed")
    assert "setup" in unready["reason"]
    await daemon.says("unready ", "cannot install")
    assert unready["pid"] is None


async def test_a_flood_is_waited_out_for_as_long_as_telegram_said(daemon: Daemon) -> None:
    """Without that, the delay would be max_delay at most: one second."""
    told = await daemon.says("flooded: ", "-> resting", "next start in")
    assert int(told.rpartition("next start in ")[2].partition(" s")[0]) > 10


async def test_a_crash_is_restarted_with_growing_delays(daemon: Daemon) -> None:
    await daemon.until(lambda _: daemon.bot("crashing")["restarts"] >= 3)
    await daemon.says("crashing: ", "-> resting", "exited with code 5")


async def test_a_bot_that_shall_not_restart_does_not(daemon: Daemon) -> None:
    off = await daemon.until_bot("finished", "off")
    assert (off["reason"], off["restarts"]) == ("exited with code 5; restart: never", 0)


async def test_a_web_bot_that_never_opens_its_port_is_told_so(daemon: Daemon) -> None:
    closed = await daemon.until_bot("closed", "unhealthy")
    assert closed["reason"] == f"no open port {closed['port']} after 1 s; is this bot a worker?"


async def test_a_web_bot_is_up_when_its_health_answers_and_restarted_when_it_stops(daemon: Daemon) -> None:
    await daemon.says("site ", "GET /health 503")
    site = next(bot for bot in (await daemon.get("/status"))["bots"] if bot["name"] == "site")
    assert (site["state"], site["health"]) == ("starting", "GET /health: 503")
    await tell(site["port"], "well")
    site = await daemon.until_bot("site", "up")
    first = site["pid"]

    await tell(site["port"], "sick")
    await daemon.until_bot("site", "unhealthy", "stopping")
    await daemon.says("site: ", "2 health checks in a row failed: GET /health: 503")
    await ended(first)
    await daemon.until(lambda _: daemon.bot("site")["pid"] not in (None, first))
    seen = len(daemon.lines)
    await daemon.says("site ", "GET /health 503", after=seen)
    await tell(daemon.bot("site")["port"], "well")
    assert (await daemon.until_bot("site", "up"))["restarts"] == 1


async def tell(port: int, what: str) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"http://127.0.0.1:{port}/{what}") as answer:
        assert answer.status == 200


async def test_the_well_bot_noticed_nothing(rig: Rig, daemon: Daemon) -> None:
    report = await rig.accounts["well"].talks("are you well?")
    assert report["overlaps"] == report["lost"] == 0
    well = daemon.bot("well")
    assert (well["state"], well["restarts"], well["conflicts"]) == ("up", 0, 0)


@pytest.mark.long
@pytest.mark.asyncio(loop_scope="function")
async def test_telegram_out_of_reach_delays_a_start_and_does_not_prevent_it(tmp_path: Path) -> None:
    """Long: the supervisor asks for half a minute before it goes on without an answer."""
    async with rigged(tmp_path) as (rig,):
        account = rig.add("news", POLLER)
        rig.write()
        faults = f"{rig.simulator.url}/simulator/faults"
        async with aiohttp.ClientSession() as session:
            async with session.post(faults, json={"kind": "unreachable"}) as answer:
                assert answer.status == 200
            daemon = await rig.up()
            up = await daemon.until_bot("news", "up")
            assert up["reason"].startswith("unverified: Telegram could not be reached")
            async with session.delete(faults) as answer:
                assert answer.status == 200
        await account.talks("back")
        assert daemon.bot("news")["restarts"] == 0
