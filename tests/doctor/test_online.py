"""Asked of a real (simulated) Telegram: what is found, and by its referee's word that nothing was changed or lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from supervisor.doctor.online import Probing, ask_telegram, probe_bot
from supervisor.doctor.patient import Patient
from supervisor.doctor.pause import silence
from supervisor.doctor.probe import Form
from supervisor.errors import LeaseHeld, NotRunning
from supervisor.leases import LEASE_DIR_VARIABLE, FileLeases
from supervisor.model.findings import Level
from supervisor.model.status import BotStatus
from supervisor.simulator.server import Simulator
from tests.doctor.stage import ID, TOKEN, levels, off, patient, up

SCALE = 0.01
DEADLINE = 20.0
FORM = Form("quick", 10.0, 1, 0.01, "many")
"""A poll of 10 simulated seconds; the queue is then watched for real ones, so tests of that use less."""


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    simulator = Simulator(tokens=[TOKEN], scale=SCALE)
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture(autouse=True)
def leases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileLeases:
    monkeypatch.setenv(LEASE_DIR_VARIABLE, str(tmp_path / "leases"))
    return FileLeases(tmp_path / "leases", "botctl up")


async def ask(simulator: Simulator, path: str, **data: object) -> Any:
    async with aiohttp.ClientSession() as session:
        call = session.post(f"{simulator.url}/{path}", json=data) if data else session.get(f"{simulator.url}/{path}")
        async with call as answer:
            return await answer.json()


async def report(simulator: Simulator) -> dict[str, Any]:
    return dict(await ask(simulator, f"simulator/bots/{ID}"))


@contextlib.asynccontextmanager
async def poller(simulator: Simulator) -> AsyncIterator[None]:
    """A library that polls for ever and tries again at once after a 409."""

    async def poll() -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"{simulator.url}/bot{TOKEN}/getUpdates?timeout=50") as answer:
                    await answer.read()

    task = asyncio.create_task(poll(), name="poller")
    try:
        async with asyncio.timeout(DEADLINE):
            await simulator.until(ID, lambda seen: seen["pollers"] == 1)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class TestAsking:
    async def test_a_healthy_worker(self, simulator: Simulator) -> None:
        found, good = await ask_telegram(patient(url=simulator.url, status=up()), 0)
        assert levels(found) == {"token": Level.OK, "mode": Level.OK, "backlog": Level.OK}
        assert good

    async def test_a_revoked_token_is_told_and_asked_no_further(self, simulator: Simulator) -> None:
        await ask(simulator, f"bot{TOKEN}/getMe")
        await ask(simulator, f"simulator/bots/{ID}/revoke", x=1)
        found, good = await ask_telegram(patient(url=simulator.url), 0)
        assert (levels(found), good) == ({"token": Level.PROBLEM}, False)
        assert "rejected" in found[0].evidence

    async def test_a_server_in_trouble_says_nothing_about_the_token(self, simulator: Simulator) -> None:
        await ask(simulator, "simulator/faults", kind="502")
        found, good = await ask_telegram(patient(url=simulator.url), 0)
        assert (levels(found), good) == ({"token": Level.UNKNOWN}, False)

    async def test_nothing_is_changed_beside_our_own_poller(self, simulator: Simulator) -> None:
        await ask(simulator, f"bot{TOKEN}/getMe")
        async with poller(simulator):
            before = await report(simulator)
            await ask_telegram(patient(url=simulator.url, status=up()), 0)
            after = await report(simulator)
        assert {key: after["calls"][key] - before["calls"].get(key, 0) for key in after["calls"]} == {
            "getme": 1, "getwebhookinfo": 2, "getupdates": 0,
        }  # fmt: skip
        assert (after["conflicts"], after["overlaps"]) == (before["conflicts"], before["overlaps"])


class TestProbe:
    async def probe(self, subject: Patient, form: Form = FORM, steers: Steering | None = None) -> dict[str, Level]:
        return levels(await probe_bot(subject, Probing(form, steers, self.complaints.append)))

    @pytest.fixture(autouse=True)
    def complain(self) -> None:
        self.complaints: list[str] = []

    async def test_a_rival_is_certain(self, simulator: Simulator) -> None:
        async with poller(simulator):
            assert await self.probe(patient(url=simulator.url)) == {"probe": Level.PROBLEM}

    async def test_nobody(self, simulator: Simulator) -> None:
        assert await self.probe(patient(url=simulator.url)) == {"probe": Level.OK}
        assert (await report(simulator))["polls"] == 1

    async def test_thorough_polls_twice(self, simulator: Simulator) -> None:
        assert await self.probe(patient(url=simulator.url), replace(FORM, times=2)) == {"probe": Level.OK}
        assert (await report(simulator))["polls"] == 2

    async def test_updates_that_wait_make_it_inconclusive_and_are_not_lost(self, simulator: Simulator) -> None:
        for text in ("one", "two"):
            await ask(simulator, f"simulator/bots/{ID}/messages", text=text)
        short = replace(FORM, hold=0.05)
        assert await self.probe(patient(url=simulator.url), short) == {"probe": Level.UNKNOWN, "queue": Level.OK}
        after = await report(simulator)
        assert (after["pending"], after["confirmed"], after["lost"], after["dropped"]) == (2, 0, 0, 0)

    async def test_a_thief_without_409s_is_seen_by_the_queue(self, simulator: Simulator) -> None:
        """One that polls with timeout 0 is met by no probe; what it takes is missing afterwards."""
        for text in ("one", "two"):
            await ask(simulator, f"simulator/bots/{ID}/messages", text=text)
        taken = asyncio.create_task(self.steal_once_probed(simulator))
        async with asyncio.timeout(DEADLINE):
            seen = await self.probe(patient(url=simulator.url), replace(FORM, hold=1.0))
        await taken
        assert seen == {"probe": Level.UNKNOWN, "queue": Level.WARNING}

    async def steal_once_probed(self, simulator: Simulator) -> None:
        await simulator.until(ID, lambda seen: seen["polls"] == 1)
        updates = (await ask(simulator, f"bot{TOKEN}/getUpdates"))["result"]
        await ask(simulator, f"bot{TOKEN}/getUpdates", offset=updates[-1]["update_id"] + 1)

    async def test_with_a_webhook_nobody_can_poll_and_nothing_is_asked(self, simulator: Simulator) -> None:
        await ask(simulator, f"bot{TOKEN}/setWebhook", url="https://hooks.example.com/x")
        assert await self.probe(patient(url=simulator.url)) == {"probe": Level.OK}
        after = await report(simulator)
        assert (after["polls"], after["webhook"]) == (0, "https://hooks.example.com/x")

    async def test_never_beside_a_run_of_ours(self, simulator: Simulator, leases: FileLeases) -> None:
        """Neither without consent, nor where another supervisor has the lease."""
        assert await self.probe(patient(url=simulator.url, status=up())) == {"probe": Level.UNKNOWN}
        lease = leases.take(ID, "news")  # type: ignore[arg-type,unused-ignore]
        assert await self.probe(patient(url=simulator.url)) == {"probe": Level.UNKNOWN}
        lease.drop()
        assert (await report(simulator))["polls"] == 0

    async def test_a_pause_stops_first_and_starts_afterwards(self, simulator: Simulator, leases: FileLeases) -> None:
        async with Steering(simulator, leases) as steers:
            seen = await self.probe(patient(url=simulator.url, status=up()), steers=steers)
            await steers.settled("start")
        assert seen == {"probe": Level.OK}
        assert steers.asked == ["stop", "start"]
        after = await report(simulator)
        assert (sum(after["conflicts"].values()), after["overlaps"], self.complaints) == (0, 0, [])

    async def test_ctrl_c_in_the_middle_starts_it_again(self, simulator: Simulator, leases: FileLeases) -> None:
        long = replace(FORM, hold=50.0, times=1000)
        async with Steering(simulator, leases) as steers:
            polls = (await report(simulator))["polls"]
            probing = asyncio.create_task(self.probe(patient(url=simulator.url, status=up()), long, steers))
            async with asyncio.timeout(DEADLINE):
                await simulator.until(ID, lambda seen: seen["polls"] > polls)
            probing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await probing
            await steers.settled("start")
        assert steers.asked == ["stop", "start"]
        leases.take(ID, "news").drop()  # type: ignore[arg-type,unused-ignore]

    async def test_one_that_cannot_be_started_again_is_told_at_once(
        self, simulator: Simulator, leases: FileLeases
    ) -> None:
        async with Steering(simulator, leases) as steers:
            steers.refuses = True
            await self.probe(patient(url=simulator.url, status=up()), steers=steers)
        assert self.complaints == ["news could not be started again (gone): botctl start news"]

    async def test_one_that_does_not_stop_is_not_probed(
        self, simulator: Simulator, leases: FileLeases, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("supervisor.doctor.pause.MARGIN", -40.0)
        async with Steering(simulator, leases) as steers:
            steers.deaf = True
            assert await self.probe(patient(url=simulator.url, status=up()), steers=steers) == {
                "probe": Level.UNKNOWN
            }
            assert steers.asked == ["stop", "start"]
        after = await report(simulator)
        assert (sum(after["conflicts"].values()), after["overlaps"]) == (0, 0)

    async def test_silence_holds_the_lease(self, leases: FileLeases) -> None:
        async with silence(patient(), None, self.complaints.append):
            with pytest.raises(LeaseHeld):
                leases.take(ID, "news")  # type: ignore[arg-type,unused-ignore]
        leases.take(ID, "news").drop()  # type: ignore[arg-type,unused-ignore]


class Steering:
    """A supervisor with one bot: a real poller under the token's lease, stopped and started on demand."""

    def __init__(self, simulator: Simulator, leases: FileLeases) -> None:
        self._simulator, self._leases = simulator, leases
        self._run: contextlib.AsyncExitStack | None = None
        self._ending: asyncio.Task[None] | None = None
        self._lease: Any = None
        self.asked: list[str] = []
        self.refuses = self.deaf = False

    async def __aenter__(self) -> Steering:
        await self._begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def _begin(self) -> None:
        self._lease = self._leases.take(ID, "news")  # type: ignore[arg-type,unused-ignore]
        run = contextlib.AsyncExitStack()
        await run.enter_async_context(poller(self._simulator))
        self._run = run

    async def _end(self) -> None:
        if self._run is not None:
            await self._run.aclose()
            self._run = None
            self._lease.drop()

    def stop(self, bot: str) -> None:
        self.asked.append("stop")
        if not self.deaf:
            self._ending = asyncio.create_task(self._end())

    def start(self, bot: str) -> None:
        self.asked.append("start")
        if self.refuses:
            raise NotRunning("gone")
        if not self.deaf:
            self._ending = asyncio.create_task(self._begin())

    async def settled(self, verb: str) -> None:
        assert self.asked[-1] == verb
        assert self._ending is not None
        await asyncio.wait_for(self._ending, DEADLINE)

    def look(self, bot: str) -> BotStatus | None:
        return up() if self._run is not None else off()
