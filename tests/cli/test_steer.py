"""start, stop, restart: sent to the right bots, waited for to the right end."""

from __future__ import annotations

import asyncio

import pytest

from supervisor.cli.settle import Wish, verdict
from supervisor.model.status import Phase
from tests.cli.conftest import Botctl, ended
from tests.fakes.supervisor import FakeSupervisor, bot


async def test_start_waits_until_the_bot_is_up(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.futures["shop-2"] = [bot("shop-2", Phase.OFF), bot("shop-2", Phase.STARTING), bot("shop-2", pid=99)]
    done = await botctl("start", "shop-2")
    assert (done.code, done.out) == (0, "shop-2  up (pid 99)\n")
    assert fake.asked == ["start shop-2"]


async def test_a_start_that_fails_gives_the_reason_and_where_to_look(botctl: Botctl, fake: FakeSupervisor) -> None:
    failed = bot("shop-2", Phase.FAILED, reason="Telegram rejected the token")
    fake.futures["shop-2"] = [bot("shop-2", Phase.OFF), bot("shop-2", Phase.STARTING), failed]
    done = await botctl("start", "shop-2")
    assert (done.code, done.out) == (1, "")
    assert "failed: Telegram rejected the token" in done.err
    assert "botctl logs shop-2" in done.err


async def test_healing_is_waited_out(botctl: Botctl, fake: FakeSupervisor) -> None:
    healing = bot("shop", Phase.HEALING, reason="waiting 23 s")
    fake.futures["shop"] = [bot("shop", Phase.HELD), healing, healing, bot("shop", pid=7)]
    done = await botctl("start", "shop")
    assert (done.code, done.out) == (0, "shop  up (pid 7)\n")


async def test_stop_waits_until_nothing_is_left(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.futures["news"] = [bot("news"), bot("news", Phase.STOPPING), bot("news", Phase.OFF)]
    done = await botctl("stop", "news")
    assert (done.code, done.out) == (0, "news  off\n")


async def test_a_restart_is_not_done_while_the_old_run_is_there(botctl: Botctl, fake: FakeSupervisor) -> None:
    old, new = bot("news", pid=1), bot("news", pid=2)
    fake.futures["news"] = [old, old, old, bot("news", Phase.STOPPING, pid=1), bot("news", Phase.STARTING), new]
    done = await botctl("restart", "news")
    assert (done.code, done.out) == (0, "news  up (pid 2)\n")
    assert fake.asked == ["restart news"]


async def test_patterns_and_all_name_several(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.bots |= {name: bot(name, Phase.OFF) for name in ("shop", "shop-2")}
    assert (await botctl("stop", "shop*", "shop")).code == 0
    assert fake.asked == ["stop shop", "stop shop-2"]
    fake.bots["news"] = bot("news", Phase.OFF)
    assert (await botctl("stop", "--all")).code == 0
    assert fake.asked[2:] == ["stop news", "stop shop", "stop shop-2"]


async def test_one_bad_end_among_good_ones_is_a_failure(botctl: Botctl, fake: FakeSupervisor) -> None:
    done = await botctl("start", "news", "shop")
    assert done.code == 1
    assert "news  up" in done.out
    assert "shop  held" in done.err


async def test_no_wait_returns_at_once(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.bots["news"] = bot("news", Phase.STOPPING)
    done = await botctl("stop", "news", "--no-wait")
    assert done.code == 0
    assert fake.asked == ["stop news"]


async def test_what_does_not_settle_in_time_is_told(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.bots["news"] = bot("news", Phase.CLAIMING, reason="token held by pid 17")
    done = await botctl("start", "news", "--timeout", "0")
    assert done.code == 1
    assert "news: claiming, token held by pid 17" in done.err


async def test_a_supervisor_that_dies_meanwhile_ends_the_waiting(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.bots["news"] = bot("news", Phase.STARTING)
    looked = asyncio.Event()
    status = fake.status

    def watched() -> object:
        if fake.asked:
            looked.set()
            (botctl.state_dir / "control.sock").unlink()
        return status()

    fake.status = watched  # type: ignore[method-assign,assignment]
    process = await botctl.begin("start", "news")
    await asyncio.wait_for(looked.wait(), 30)
    assert (await ended(process)).code == 4


@pytest.mark.parametrize("typed", [("start", "newz"), ("stop", "newz*"), ("restart", "newz", "news")])
async def test_a_wrong_name_changes_nothing(botctl: Botctl, fake: FakeSupervisor, typed: tuple[str, ...]) -> None:
    done = await botctl(*typed)
    assert done.code == 2
    assert "did you mean news?" in done.err
    assert fake.asked == []


@pytest.mark.parametrize("typed", [("start",), ("stop", "--all", "news"), ("restart", "news", "--timeout", "soon")])
async def test_a_command_that_cannot_mean_anything_is_bad_usage(
    botctl: Botctl, fake: FakeSupervisor, typed: tuple[str, ...]
) -> None:
    done = await botctl(*typed)
    assert done.code == 2
    assert done.err.startswith("botctl: ")
    assert fake.asked == []


@pytest.mark.parametrize(
    ("wish", "state", "good"),
    [
        *((Wish.STOP, phase, True if phase is Phase.OFF else None) for phase in Phase),
        *((Wish.START, phase, None) for phase in (Phase.CLAIMING, Phase.STARTING, Phase.HEALING, Phase.STOPPING)),
        *(
            (Wish.START, phase, False)
            for phase in (Phase.FAILED, Phase.HELD, Phase.RESTING, Phase.UNHEALTHY, Phase.OFF)
        ),
        (Wish.START, Phase.UP, True),
        (Wish.RESTART, Phase.UP, True),
    ],
)
def test_every_state_is_an_end_or_is_not(wish: Wish, state: Phase, good: bool | None) -> None:
    end = verdict(wish, None, bot("news", state))
    assert (end.good if end else None) is good


def test_a_bot_that_left_the_file_is_stopped_but_not_started() -> None:
    assert verdict(Wish.STOP, bot("news"), None) is not None
    end = verdict(Wish.START, bot("news"), None)
    assert end is not None
    assert not end.good
