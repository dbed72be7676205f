"""Looking costs one look for all who ask, never hangs, and says what it could not see."""

from __future__ import annotations

import asyncio
import os
import sys
import threading

import pytest

from supervisor.cli.exits import masked
from supervisor.cli.rivals import run_command
from supervisor.rivals import host as host_module
from supervisor.rivals.addresses import Addresses
from supervisor.rivals.callers import parse_address
from supervisor.rivals.host import HostEyes
from supervisor.rivals.processes import Process
from supervisor.rivals.shared import FRESH, Shared
from supervisor.rivals.survey import take_survey
from supervisor.rivals.unread import hidden_by_mount, refused, what_is_hidden
from tests.rivals.host.stage import BOT, POLLER, SOON, TOKEN, Door, environ, orphan


class Table:
    """Counts its readings; each waits until the test lets it go on."""

    def __init__(self) -> None:
        self.readings = 0
        self.go_on = threading.Event()

    def read(self) -> int:
        self.readings += 1
        assert self.go_on.wait(SOON)
        return self.readings


async def test_three_hundred_who_ask_at_once_cost_one_look() -> None:
    table = Table()
    shared = Shared(table.read)
    asking = [asyncio.create_task(shared.get()) for _ in range(300)]
    asking[0].cancel()
    table.go_on.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert set(answers[1:]) == {1}


async def test_a_look_is_good_for_a_moment_only() -> None:
    table = Table()
    table.go_on.set()
    now = 100.0
    shared = Shared(table.read, lambda: now)
    assert await shared.get() == await shared.get() == 1
    assert await shared.get(anew=True) == 2
    now += FRESH
    assert await shared.get() == 3


async def test_what_is_asked_for_anew_was_begun_afterwards() -> None:
    table = Table()
    shared = Shared(table.read)
    first = asyncio.create_task(shared.get())
    second = asyncio.create_task(shared.get(anew=True))
    table.go_on.set()
    assert (await first, await second) == (1, 2)


async def test_a_look_that_hangs_is_given_up_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = threading.Event()
    monkeypatch.setattr(host_module, "take_survey", lambda: stuck.wait(SOON))
    monkeypatch.setattr(host_module, "_PATIENCE", 0.01)
    eyes = HostEyes("f", masked, run_command)
    try:
        seen = await eyes.sight({BOT: TOKEN})
    finally:
        stuck.set()
    assert seen.unread == ("looking at this host took more than 0 s and was given up",)


async def test_a_table_that_cannot_be_read_is_not_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(host_module, "take_survey", fail)
    seen = await HostEyes("f", masked, run_command).sight({BOT: TOKEN})
    assert seen.unread == ("the process table could not be read: Too many open files",)


async def test_the_addresses_of_an_api_host() -> None:
    addresses = Addresses()
    assert await addresses.of("http://127.0.0.1:8081") == {("127.0.0.1", 8081)}
    assert await addresses.of("https://[::1]/x") == {("::1", 443)}
    assert ("127.0.0.1", 8081) in await addresses.of("http://localhost:8081")
    assert await addresses.of("https://no-such-host.invalid") == frozenset()
    assert await addresses.of("http://x:port") == frozenset()


@pytest.mark.skipif(sys.byteorder != "little", reason="as a little-endian kernel prints it")
def test_addresses_as_the_kernel_prints_them() -> None:
    assert parse_address("0100007F:1F90") == ("127.0.0.1", 8080)
    assert parse_address("0000000000000000FFFF00000100007F:1F90") == ("127.0.0.1", 8080)
    assert parse_address("00000000000000000000000001000000:01BB") == ("::1", 443)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without rights")
async def test_without_rights_other_users_processes_are_said_to_be_unread(door: Door) -> None:
    async with orphan(sys.executable, str(POLLER), door.address, env=environ(BOT_TOKEN=TOKEN)):
        os.setresuid(65534, 65534, 0)
        try:
            survey = take_survey()
        finally:
            os.setresuid(0, 0, 0)
    assert BOT not in survey.holders
    (told,) = [text for text in survey.unread if "root" in text]
    whose, _, remedy = told.partition(" could not be read: ")
    assert "root" in whose.rpartition(" of ")[2]  # beside others, where containers work as users of this host
    assert remedy == "root can (sudo botctl rivals)"


def test_unreadable_processes_are_counted_by_user() -> None:
    hidden = [Process(pid, 1, 4_000_000 + pid, 1.0, "x", (), readable=False) for pid in range(6)]
    told = refused(hidden)
    assert "6 processes of 4000000, 4000001, 4000002, 4000003 and others could not be read" in told
    assert refused([]) == ""
    assert what_is_hidden([Process(7, 1, 0, 1.0, "x", ())]) == what_is_hidden([])


MOUNT = "23 28 0:21 / /proc rw,nosuid - proc proc rw{}"


@pytest.mark.parametrize(
    ("options", "uid", "hides"),
    [("", 1000, False), (",hidepid=2", 1000, True), (",hidepid=invisible", 1000, True), (",hidepid=2", 0, False)],
)
def test_hidepid_hides_others_from_users(options: str, uid: int, hides: bool) -> None:
    assert bool(hidden_by_mount(MOUNT.format(options), uid)) is hides
