"""What every runner promises, on real programs; what only child processes promise asks for `process_runner`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from supervisor.errors import StartRefused
from supervisor.model.bots import StopPolicy
from supervisor.model.runs import Exit
from supervisor.runners.linux import become_subreaper
from supervisor.runners.protocol import Runner
from tests.contract.stage import Counter, Lines, gone, is_alive, order, python, within

FOREVER = 1000.0
SHORT = StopPolicy(grace=0.2)
# The signal is blocked before "ready" is said, so it can come at any moment after it and is never missed.
GENTLE = """
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
print("ready", os.getpid())
got = signal.sigwait([signal.SIGTERM, signal.SIGINT])
print("got", int(got))
again = signal.sigtimedwait([signal.SIGTERM, signal.SIGINT], 0.3)
if again:
    print("again")
sys.exit(7)
"""
PATIENT = StopPolicy(grace=FOREVER)


@pytest.mark.parametrize("code", [0, 3, 255])
async def test_exit_code(runner: Runner, code: int) -> None:
    handle = await runner.start(order("sh", "-c", f"exit {code}"), Lines())
    assert await within(runner.wait(handle)) == Exit(code)


async def test_end_by_a_signal(runner: Runner) -> None:
    handle = await runner.start(order("sh", "-c", "kill -SEGV $$"), Lines())
    assert await within(runner.wait(handle)) == Exit(None, signal=signal.SIGSEGV)


async def test_output_is_complete_before_wait_returns(runner: Runner) -> None:
    sink = Lines()
    handle = await runner.start(order("sh", "-c", "echo one; echo two >&2; printf 'no newline'"), sink)
    await within(runner.wait(handle))
    assert sink.streams == {"stdout": b"one\nno newline", "stderr": b"two\n"}
    assert sorted(sink.ends) == ["stderr", "stdout"]


async def test_a_flood_arrives_whole(runner: Runner) -> None:
    sink = Counter()
    size = 10_000_000 if runner.traits.outlives_daemon else 100_000_000
    handle = await runner.start(order("head", "-c", str(size), "/dev/zero"), sink)
    assert await within(runner.wait(handle)) == Exit(0)
    assert sink.bytes == size


async def test_two_floods_share_the_loop(runner: Runner) -> None:
    """A bot that floods its log does not keep others from being read, or from being stopped."""
    flood = await runner.start(order("sh", "-c", "exec cat /dev/zero", bot="flood"), Counter())
    sink = Lines()
    other = await runner.start(order("sh", "-c", "echo here; exec sleep 1000", bot="other"), sink)
    await sink.line("here")
    assert await within(runner.stop(other, PATIENT)) == Exit(None, signal=signal.SIGTERM)
    assert await within(runner.stop(flood, PATIENT)) == Exit(None, signal=signal.SIGTERM)


async def test_folder_and_environment_are_the_given_ones(
    process_runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SUPERVISOR", "x")
    sink = Lines()
    handle = await process_runner.start(order("sh", "-c", "pwd; env", cwd=tmp_path), sink)
    await within(process_runner.wait(handle))
    folder, *variables = sink.out.splitlines()
    assert folder == str(tmp_path)
    assert {line.partition("=")[0] for line in variables} - {"PWD", "_", "SHLVL", "OLDPWD"} == {"PATH", "BOTCTL_RUN"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_asks_once_and_waits_for_a_gentle_end(runner: Runner, number: signal.Signals) -> None:
    sink = Lines()
    handle = await runner.start(order(*python(GENTLE)), sink)
    await sink.line("ready")
    assert await within(runner.stop(handle, StopPolicy(number, FOREVER))) == Exit(7)
    assert sink.out.splitlines()[1:] == [f"got {int(number)}"]


async def test_the_deaf_are_killed(runner: Runner) -> None:
    sink = Lines()
    handle = await runner.start(order("sh", "-c", "trap '' TERM; echo ready; exec sleep 1000"), sink)
    await sink.line("ready")
    assert await within(runner.stop(handle, SHORT)) == Exit(None, signal=signal.SIGKILL)


async def test_a_second_stop_can_only_make_it_shorter(runner: Runner) -> None:
    sink = Lines()
    handle = await runner.start(order("sh", "-c", "trap '' TERM; echo ready; exec sleep 1000"), sink)
    await sink.line("ready")
    first = asyncio.create_task(runner.stop(handle, PATIENT))
    await asyncio.sleep(0)
    second = asyncio.create_task(runner.stop(handle, StopPolicy(grace=0)))
    third = asyncio.create_task(runner.stop(handle, PATIENT))
    ends = await within(asyncio.gather(first, second, third, runner.wait(handle)))
    assert set(ends) == {Exit(None, signal=signal.SIGKILL)}


async def test_all_is_idempotent_after_the_end(runner: Runner) -> None:
    handle = await runner.start(order("true"), Lines())
    waits = await within(asyncio.gather(runner.wait(handle), runner.wait(handle), runner.stop(handle, SHORT)))
    assert len({str(end) for end in waits}) == 1
    assert await within(runner.stop(handle, SHORT)) == waits[0] == await within(runner.wait(handle))


async def test_a_cancelled_wait_harms_nothing(runner: Runner) -> None:
    handle = await runner.start(order("sleep", "1000"), Lines())
    waiting = asyncio.create_task(runner.wait(handle))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await within(runner.stop(handle, PATIENT)) == Exit(None, signal=signal.SIGTERM)


@pytest.mark.parametrize("inner", ["sleep 1000", "setsid sleep 1000", "env -i sleep 1000"])
async def test_leftovers_of_an_ended_leader_are_ended(process_runner: Runner, inner: str) -> None:
    sink = Lines()
    handle = await process_runner.start(order("sh", "-c", f"{inner} & echo child $!; exit 4"), sink)
    child = int(await sink.line("child"))
    ended = await within(process_runner.wait(handle))
    assert ended == Exit(4, left_behind=1)
    assert not is_alive(child)


async def test_deaf_leftovers_are_killed(process_runner: Runner) -> None:
    sink = Lines()
    deaf = "sh -c 'trap \"\" TERM; echo child $$; exec sleep 1000'"
    handle = await process_runner.start(order("sh", "-c", f"setsid {deaf} & read x < /proc/self/comm; exit 0"), sink)
    ended = await within(process_runner.wait(handle))
    assert ended == Exit(0, left_behind=1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("script", ['setsid "$@" & wait', '"$@" & wait'], ids=["own session", "same group"])
async def test_a_stop_asks_the_whole_tree_once(process_runner: Runner, script: str, number: signal.Signals) -> None:
    """npm, npx tsx, nodemon, sh -c: the bot is a grandchild, sometimes in a session of its own."""
    sink = Lines()
    handle = await process_runner.start(order("sh", "-c", script, "sh", *python(GENTLE)), sink)
    child = int(await sink.line("ready"))
    ended = await within(process_runner.stop(handle, StopPolicy(number, FOREVER)))
    assert not is_alive(child)
    assert sink.out == f"ready {child}\ngot {int(number)}\n"
    assert ended == Exit(None, signal=number)


async def test_a_stop_reaches_what_hides(process_runner: Runner) -> None:
    """No mark, no group, no session of ours, and after a moment no parent either: seen once, it is not lost."""
    sink = Lines()
    deaf = "trap '' TERM; echo child $$; exec sleep 1000"
    handle = await process_runner.start(order("sh", "-c", 'env -i setsid sh -c "$0" & wait', deaf), sink)
    child = int(await sink.line("child"))
    await within(process_runner.stop(handle, SHORT))
    assert not is_alive(child)


HIDES = """
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve("/bin/sh", ["sh", "-c", "echo child $$; exec sleep 1000"], {})
    os._exit(0)
os.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a child subreaper")
async def test_who_hides_from_everything_is_known_by_the_lease(process_runner: Runner, tmp_path: Path) -> None:
    """Two forks, a session of its own, no environment, and all its elders gone before anybody looked."""
    sink = Lines()
    assert become_subreaper()
    try:
        with (tmp_path / "123456789.lock").open("w") as lease:
            handle = await process_runner.start(order(*python(HIDES), lease_fd=lease.fileno()), sink)
            child = int(await sink.line("child"))
            assert await within(process_runner.wait(handle)) == Exit(0, left_behind=1)
            assert not is_alive(child)
    finally:
        become_subreaper(False)


async def test_a_wrapper_that_dies_first_leaves_its_bot_the_grace(process_runner: Runner) -> None:
    """`sh -c` dies of SIGTERM at once; the bot below it needs a while, and gets it (not the leftovers' short one)."""
    sink = Lines()
    bot = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR1])
print("ready")
signal.sigwait([signal.SIGTERM])
signal.sigtimedwait([signal.SIGUSR1], 0.8)
print("saved")
"""
    handle = await process_runner.start(order("sh", "-c", '"$@"; exit 1', "sh", *python(bot)), sink)
    await sink.line("ready")
    ended = await within(process_runner.stop(handle, PATIENT))
    assert ended == Exit(None, signal=signal.SIGTERM)
    assert sink.out == "ready\nsaved\n"


async def test_a_chain_of_forks_does_not_escape(process_runner: Runner) -> None:
    """Each forks, leaves the session and ends: whoever reads the process table once may miss them all."""
    sink = Lines()
    chain = """
import os, signal
signal.alarm(60)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range(1500):
    if os.fork():
        os._exit(0)
    os.setsid()
print("last", os.getpid())
signal.pause()
"""
    handle = await process_runner.start(order(*python(chain)), sink)
    ended = await within(process_runner.wait(handle))
    assert ended.code == 0
    assert ended.left_behind >= 1


async def test_a_bounded_fork_bomb_is_ended(runner: Runner) -> None:
    sink = Lines()
    bomb = """
import os, signal
signal.alarm(60)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range(6):
    os.fork()
    os.setsid() if os.getpid() % 2 and os.getpgrp() != os.getpid() else None
print("here", os.getpid())
while True: signal.pause()
"""
    handle = await runner.start(order(*python(bomb)), sink)
    await sink.line("here")
    ended = await within(runner.stop(handle, SHORT))
    assert ended.signal == signal.SIGKILL


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="needs waitid")
async def test_a_stopped_bot_can_end(process_runner: Runner) -> None:
    sink = Lines()
    handle = await process_runner.start(order(*python(GENTLE)), sink)
    await sink.line("ready")
    assert handle.pid is not None
    os.kill(handle.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, handle.pid, os.WSTOPPED | os.WNOWAIT)  # noqa: ASYNC222 - it comes at once
    assert await within(process_runner.stop(handle, PATIENT)) == Exit(7)


async def test_runs_of_two_bots_are_apart(process_runner: Runner) -> None:
    one = await process_runner.start(order("sleep", "1000", bot="one"), Lines())
    two = await process_runner.start(order("sleep", "1000", bot="two"), Lines())
    await within(process_runner.stop(one, PATIENT))
    assert two.pid is not None
    assert is_alive(two.pid)
    await within(process_runner.stop(two, PATIENT))
    await gone(two.pid)


async def test_one_bot_many_runs(runner: Runner) -> None:
    for number in range(1, 6):
        handle = await runner.start(order("sh", "-c", f"exit {number}", number=number), Lines())
        assert (await within(runner.wait(handle))).code == number


async def test_many_are_stopped_at_once(runner: Runner) -> None:
    many = 8 if runner.traits.outlives_daemon else 40
    handles = [await runner.start(order("sleep", "1000", bot=f"bot{n}"), Lines()) for n in range(many)]
    ends = await within(asyncio.gather(*(runner.stop(handle, PATIENT) for handle in handles)))
    assert set(ends) == {Exit(None, signal=signal.SIGTERM)}


async def test_a_broken_sink_costs_lines_only(runner: Runner) -> None:
    class Broken:
        def write(self, stream: str, chunk: bytes) -> None:
            raise OSError(f"disk full: {stream} {len(chunk)}")

        def end(self, stream: str) -> None:
            raise OSError(f"disk full: {stream}")

    handle = await runner.start(order("sh", "-c", "echo a; echo b; exit 6"), Broken())
    assert await within(runner.wait(handle)) == Exit(6)


@pytest.mark.skipif(sys.platform != "linux", reason="opens another's pipe through /proc")
async def test_a_stranger_at_the_pipe_delays_nothing(process_runner: Runner) -> None:
    sink = Lines()
    handle = await process_runner.start(order("sh", "-c", "echo ready; exec sleep 1000"), sink)
    await sink.line("ready")
    assert handle.pid is not None
    with open(f"/proc/{handle.pid}/fd/1", "wb") as pipe:  # noqa: ASYNC230, PTH123
        pipe.write(b"last words")
        pipe.flush()
        assert await within(process_runner.stop(handle, PATIENT)) == Exit(None, signal=signal.SIGTERM)
    assert sink.out == "ready\nlast words"
    assert sorted(sink.ends) == ["stderr", "stdout"]


async def test_refused_starts_leave_nothing(process_runner: Runner) -> None:
    with pytest.raises(StartRefused) as refused:
        await process_runner.start(order("no-such-program-here"), Lines())
    assert refused.value.permanent
    assert "no-such-program-here" in refused.value.reason
    handle = await process_runner.start(order("true"), Lines())
    assert await within(process_runner.wait(handle)) == Exit(0)
