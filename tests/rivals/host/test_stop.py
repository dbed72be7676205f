"""Ending programs that nobody keeps alive; what must never be signalled is not."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace

import pytest

from supervisor.model.rivals import Owner, OwnerKind, Rival, TokenPlace
from supervisor.rivals.containers import Engine
from supervisor.rivals.ending import Ending, lives, send
from supervisor.rivals.processes import read_process
from supervisor.rivals.stop import Stopper
from tests.rivals.host.stage import BOT, POLLER, TOKEN, Door, Eyes, environ, orphan

PYTHON = sys.executable
DEAF = "import signal as s; s.signal(s.SIGTERM, s.SIG_IGN); print('polling', flush=True); s.pause()"


async def run_nothing(argv: object, environ: object, timeout: float) -> tuple[int, str]:
    raise AssertionError("nothing is to be run")


def stopper(**more: object) -> Stopper:
    return Stopper(run_nothing, Engine(), frozenset({os.getpid()}), **more)  # type: ignore[arg-type]


def rival(*family: tuple[int, float], kind: OwnerKind = OwnerKind.UNKNOWN, stop: tuple[str, ...] = ()) -> Rival:
    owner = Owner(kind, "news", stop)
    return Rival(BOT, family[0][0], "bob", "bot", 0.0, owner, TokenPlace.ENVIRONMENT, family=family)


async def test_a_whole_family_ends(eyes: Eyes, door: Door) -> None:
    script = f'while true; do "{PYTHON}" "{POLLER}" {door.address}; done'
    async with orphan("sh", "-c", script, env=environ(BOT_TOKEN=TOKEN)):
        found = await eyes.only_rival()
        assert await eyes.host.stop([found]) == (f"pid {found.pid} ({found.command}): stopped",)
        assert not any(lives(*each) for each in found.family)
        assert (await eyes.see()).rivals == ()


async def test_a_deaf_one_is_killed() -> None:
    async with orphan(PYTHON, "-c", DEAF, env=environ()) as pid:
        process = read_process(pid)
        assert process
        assert await Ending(grace=0.1).end([process.identity], frozenset()) == ""
        assert not lives(*process.identity)


ANSWERS = """
import signal, socket, sys
host, port = sys.argv[1].split(":")
signal.signal(signal.SIGUSR1, lambda *_: socket.create_connection((host, int(port))).sendall(b"here\\n"))
print("polling", flush=True)
while True:
    signal.pause()
"""


async def test_the_next_owner_of_a_pid_is_not_hit(door: Door) -> None:
    async with orphan(PYTHON, "-c", ANSWERS, door.address, env=environ()) as pid:
        process = read_process(pid)
        assert process
        assert send(pid, process.started - 1.0, signal.SIGKILL) == ""
        assert await Ending().end([(pid, process.started - 1.0)], frozenset()) == ""
        assert send(pid, process.started, signal.SIGUSR1) == ""
        await door.came()


async def test_we_and_the_first_process_are_never_signalled() -> None:
    us, first = read_process(os.getpid()), read_process(1)
    assert us
    assert first
    said = await Ending(grace=0.0, patience=0.0).end([first.identity, us.identity], frozenset({us.pid}))
    assert said == ""


async def test_a_hint_is_left_alone_and_named() -> None:
    async with orphan(PYTHON, str(POLLER), "-", env=environ()) as pid:
        process = read_process(pid)
        assert process
        hint = replace(rival(process.identity, stop=(f"kill {pid}",)), sure=False)
        (said,) = await stopper().stop([hint])
        assert (
            said
            == f"pid {pid} (bot): left alone, for it only has the token in its environment; to stop it: kill {pid}"
        )
        assert lives(*process.identity)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ((3, "usage\nno such unit\n"), "`systemctl stop news` ended with 3: no such unit"),
        ((0, ""), "its keeper was told, yet it still runs"),
        (FileNotFoundError(2, "No such file or directory"), "could not be run: No such file or directory"),
        (TimeoutError(), "`systemctl stop news` took more than 30 s"),
    ],
)
async def test_a_keeper_that_does_not_do_it_is_told_of(outcome: object, expected: str) -> None:
    async def run(argv: object, environ: object, timeout: float) -> tuple[int, str]:
        assert argv == ["systemctl", "stop", "news"]
        if isinstance(outcome, BaseException):
            raise outcome
        assert isinstance(outcome, tuple)
        return outcome

    async with orphan(PYTHON, str(POLLER), "-", env=environ()) as pid:
        process = read_process(pid)
        assert process
        kept = rival(process.identity, kind=OwnerKind.SYSTEMD, stop=("systemctl stop news",))
        (said,) = await Stopper(run, Engine(), frozenset(), ending=Ending(grace=0.0)).stop([kept])
        assert lives(*process.identity)
    assert said.startswith(f"pid {pid} (systemd news): NOT stopped: ")
    assert expected in said
    assert said.endswith("; by hand: systemctl stop news")


async def test_another_supervisor_that_cannot_be_reached_is_told_of() -> None:
    (said,) = await stopper().stop([rival((4194303, 1.0), kind=OwnerKind.BOTCTL)])
    assert said == "pid 4194303 (botctl news): NOT stopped: it is not known how to reach its keeper (botctl news)"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without rights")
async def test_what_is_another_user_s_is_said_to_be() -> None:
    async with orphan(PYTHON, str(POLLER), "-", env=environ()) as pid:
        process = read_process(pid)
        assert process
        os.setresuid(65534, 65534, 0)
        try:
            said = await Ending().end([process.identity], frozenset())
        finally:
            os.setresuid(0, 0, 0)
        assert said == f"pid {pid} belongs to another user, whose rights (or root's) it takes"
        assert lives(*process.identity)
