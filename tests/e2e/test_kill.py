"""`kill -9` of the supervisor at any moment: never two runners of a token, by simulator and process table."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.daemon import SOON, Daemon
from tests.e2e.processes import marked, naming, none_left
from tests.e2e.programs import BEHIND_A_SHELL, GRANDCHILD, POLLER
from tests.e2e.rig import Rig
from tests.e2e.telegram_side import Account, Witness

FLEET = {f"bot-{n}": command for n, command in enumerate([POLLER] * 6 + [BEHIND_A_SHELL] * 2 + [GRANDCHILD] * 2)}
PROCESSES = 14
MOMENTS = 160
"""About as many things happen until ten bots have started and each has answered once."""


@pytest.fixture
async def fleet(rig: Rig) -> Rig:
    """Ten bots, all of which have answered once."""
    for name, command in FLEET.items():
        rig.add(name, command)
    rig.write()
    await rig.up()
    await all_talk(rig, "hello")
    return rig


async def all_talk(rig: Rig, text: str) -> None:
    await asyncio.gather(*(account.talks(f"{text} {account.name}") for account in rig.accounts.values()))


async def nobody_is_left(rig: Rig) -> None:
    """Without any new supervisor: what runs when one is killed dies with it."""
    async with asyncio.timeout(SOON):
        await none_left(rig.fleet)
        for account in rig.accounts.values():
            await account.until(lambda report: report["pollers"] == 0)


async def assert_one_runner(rig: Rig, witness: Witness) -> None:
    assert witness.complaints == []
    for account in rig.accounts.values():
        report = await account.report()
        assert (report["overlaps"], report["overlap_s"]) == (0, 0), account.name
        assert not any(report["conflicts"].values()), account.name
        assert (report["lost"], report["dropped"]) == (0, 0), account.name


async def test_all_bots_die_with_their_supervisor_and_start_once_again(fleet: Rig) -> None:
    witness = fleet.witness()
    with fleet.simulator.watch(witness):
        assert len(marked(fleet.fleet)) == PROCESSES
        await fleet.kill()
        await nobody_is_left(fleet)
        await fleet.up()
        await all_talk(fleet, "again")
        assert len(marked(fleet.fleet)) == PROCESSES
    await assert_one_runner(fleet, witness)


async def test_what_survives_without_the_guard_is_ended_before_anything_starts(fleet: Rig) -> None:
    """The parent-death signal reaches a run's first process only; its descendants poll on, and hold the lease."""
    witness = fleet.witness()
    with fleet.simulator.watch(witness):
        [guard] = [pid for pid, command in naming([fleet.fleet]).items() if "botctl-guard" in command]
        os.kill(guard, signal.SIGKILL)
        await fleet.kill()
        survivors = {process.bot for process in marked(fleet.fleet)}
        assert survivors == {name for name, command in FLEET.items() if command is not POLLER}
        daemon = await fleet.up()
        await daemon.says("that an earlier supervisor left")
        await all_talk(fleet, "again")
        assert len(marked(fleet.fleet)) == PROCESSES
    await assert_one_runner(fleet, witness)


async def test_a_few_random_moments(fleet: Rig) -> None:
    witness = fleet.witness()
    with fleet.simulator.watch(witness):
        await fleet.kill()
        for seed in range(4):
            await one_life(fleet, random.Random(seed), disturbed=False)
        await fleet.up()
        await all_talk(fleet, "at last")
    await assert_one_runner(fleet, witness)


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_fifty_random_moments_with_healing_and_reloads(fleet: Rig) -> None:
    witness = fleet.witness()
    with fleet.simulator.watch(witness):
        await fleet.kill()
        for seed in range(50):
            await one_life(fleet, random.Random(seed), disturbed=True)
            assert witness.complaints == [], f"after life {seed}"
        await fleet.up()
        await all_talk(fleet, "at last")
    assert witness.complaints == []
    for account in fleet.accounts.values():
        report = await account.report()
        assert (report["lost"], report["dropped"]) == (0, 0), account.name


async def one_life(rig: Rig, chance: random.Random, *, disturbed: bool) -> None:
    """Start, and kill when a random number of things has happened, or, undisturbed, when all have answered."""
    daemon = await rig.spawn()
    talk = asyncio.create_task(all_talk(rig, f"life {chance.random()}"))
    trouble = asyncio.create_task(disturb(rig, daemon, chance) if disturbed else talk_is_all(talk))
    with moment(rig, daemon, chance.randrange(MOMENTS * (1 + disturbed))) as reached:
        waiting = asyncio.ensure_future(reached.wait())
        done, _ = await asyncio.wait([waiting, trouble], timeout=SOON, return_when=asyncio.FIRST_COMPLETED)
    assert daemon.process.returncode is None, "\n".join(daemon.lines)
    await rig.kill()
    for task in (talk, trouble, waiting):
        task.cancel()
    _, went_wrong, _ = await asyncio.gather(talk, trouble, waiting, return_exceptions=True)
    assert done, "\n".join(daemon.lines)
    assert trouble not in done or went_wrong is None, went_wrong
    if chance.random() < 0.5:
        await nobody_is_left(rig)


async def talk_is_all(talk: asyncio.Task[None]) -> None:
    await talk


async def disturb(rig: Rig, daemon: Daemon, chance: random.Random) -> None:
    """Three bots at a time meet rivals that make them heal, while an edit restarts a fourth; never ends by itself."""
    await daemon.ready()
    while True:
        edited, *robbed = chance.sample(sorted(rig.accounts), 4)
        rig.bots[edited]["env"] = {"EDIT": str(chance.random())}
        rig.write()
        await asyncio.gather(*(rob(rig.accounts[name]) for name in robbed))


async def rob(account: Account) -> None:
    """Two polls, so that the bot is met both by a poll that it ends and by one that ends its own."""
    await account.polls()
    await account.rival_polls()
    await account.rival_polls()


@contextmanager
def moment(rig: Rig, daemon: Daemon, number: int) -> Iterator[asyncio.Event]:
    """Set when so many lines were written by the supervisor and calls met the simulator."""
    reached = asyncio.Event()
    left = number

    def something_happened(*_: object) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            reached.set()

    daemon.on_line = something_happened
    with rig.simulator.watch(something_happened):
        yield reached
