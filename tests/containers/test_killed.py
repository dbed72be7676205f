"""`docker kill` at any moment, with a referee who outlives it: never two pollers, no update lost.

The container shares the host's network here, so that the simulator can live in the test and see both lives.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest

from supervisor.simulator.server import Simulator
from tests.containers.newcomer import Newcomer
from tests.e2e.processes import environment, none_left
from tests.e2e.telegram_side import Account, Witness

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

TOKEN = "123456777:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
HOST_NETWORK = "services: {supervisor: {network_mode: host}}\n"
BOTS = """
telegram: {{api_url: "{url}"}}
bots:
  echo:
    token: {token}
    mode: worker
    cwd: examples/echo
    setup: pip install --quiet -r requirements.txt
    command: python bot.py
"""


@pytest.fixture
async def simulator(somebody: Newcomer) -> AsyncIterator[Simulator]:
    """Outside of the container, and told of in the clone's bots.yaml."""
    simulator = Simulator()
    await simulator.start()
    (somebody.folder / "bots.yaml").write_text(BOTS.format(url=simulator.url, token=TOKEN))
    (somebody.folder / "compose.override.yaml").write_text(HOST_NETWORK)
    yield simulator
    await simulator.stop()


@pytest.fixture
async def account(simulator: Simulator) -> AsyncIterator[Account]:
    async with aiohttp.ClientSession() as session:
        yield Account("echo", TOKEN, simulator, session)


async def test_a_killed_container_leaves_no_second_runner(
    somebody: Newcomer, simulator: Simulator, account: Account
) -> None:
    await somebody.compose("up", "-d", "--build", "--wait")
    await somebody.until_up("echo")
    fleet = await _fleet(somebody)
    witness = Witness(lambda _: "echo", lambda: fleet)
    with simulator.watch(witness):
        for life in range(3):
            await account.talks(f"life {life}")
            await account.write(f"written before death {life}")
            await somebody.compose("kill", "-s", "KILL")
            await none_left(fleet)
            await account.write(f"written to the dead {life}")
            await somebody.compose("up", "-d")
            await account.answered(f"written before death {life}")
            await account.answered(f"written to the dead {life}")
    report = await account.report()
    assert witness.complaints == []
    assert witness.polls > 3
    assert (report["overlaps"], report["overlap_s"], report["lost"], report["dropped"]) == (0, 0.0, 0, 0)
    assert report["conflicts"]["get_updates"] == 0


async def _fleet(somebody: Newcomer) -> str:
    """What the marks of its runs begin with."""
    said = await somebody.compose("top")
    pids = [int(found[1]) for line in said.splitlines() if (found := re.match(r"\S+\s+(\d+)\s.*bot\.py", line))]
    assert pids, said
    return environment(pids[0])["BOTCTL_RUN"].partition("/")[0]
