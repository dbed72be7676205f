"""What a program finds when it starts, and what is said when it cannot."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.errors import StartRefused
from supervisor.model.bots import StopPolicy
from supervisor.model.runs import Exit
from supervisor.runners import launch as launching
from supervisor.runners.launch import Order, launch
from supervisor.runners.process import ProcessRunner
from tests.contract.stage import PATH, Lines, order, python, within

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(params=["setpriv", "fork"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Both ways of asking for the parent-death signal."""
    if request.param == "fork":
        monkeypatch.setattr(launching, "_SETPRIV", ())
    launching._setpriv.cache_clear()
    if request.param == "setpriv" and launching._setpriv() is None:
        pytest.skip("no setpriv with --pdeathsig here")
    yield request.param
    launching._setpriv.cache_clear()


@linux
@pytest.mark.usefixtures("way")
async def test_signals_are_as_they_come(runner: ProcessRunner) -> None:
    """A shell's background job ignores SIGINT, and what is ignored stays ignored in children."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    try:
        sink = Lines()
        handle = await runner.start(order("grep", "^Sig[BI]", "/proc/self/status"), sink)
        await within(runner.wait(handle))
        assert signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, [])
        assert re.findall(r"(\w+):\s+0+\n", sink.out) == ["SigBlk", "SigIgn"]
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)


@linux
@pytest.mark.usefixtures("way")
async def test_it_asks_to_die_with_us(runner: ProcessRunner) -> None:
    code = """
import ctypes
number = ctypes.c_int()
ctypes.CDLL(None).prctl(2, ctypes.byref(number), 0, 0, 0)
print("signal", number.value)
"""
    sink = Lines()
    handle = await runner.start(order(sys.executable, "-c", code), sink)
    assert await sink.line("signal") == "9"
    await within(runner.wait(handle))


@linux
@pytest.mark.usefixtures("way")
async def test_only_the_lease_is_inherited(runner: ProcessRunner, tmp_path: Path) -> None:
    with (tmp_path / "lease").open("w") as lease, socket.socket() as unrelated:
        os.set_inheritable(unrelated.fileno(), True)
        sink = Lines()
        handle = await runner.start(order("sh", "-c", "ls /proc/$$/fd; echo done", lease_fd=lease.fileno()), sink)
        await sink.line("done")
        await within(runner.wait(handle))
        expected = {"0", "1", "2", str(lease.fileno())}
    assert set(sink.out.split()) - {"done", "10"} == expected  # 10 is a shell's own


@pytest.mark.usefixtures("way")
async def test_a_lease_lives_as_long_as_any_of_the_run(runner: ProcessRunner, tmp_path: Path) -> None:
    path = tmp_path / "lease"
    sink = Lines()
    with path.open("w") as lease:
        fcntl.flock(lease, fcntl.LOCK_EX)
        command = ("sh", "-c", "setsid sh -c 'echo inner; exec sleep 1000' & wait")
        handle = await runner.start(order(*command, lease_fd=lease.fileno()), sink)
    await sink.line("inner")
    with path.open("w") as second:
        with pytest.raises(BlockingIOError):
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        await within(runner.stop(handle, StopPolicy()))
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.usefixtures("way")
async def test_own_session_and_group(runner: ProcessRunner) -> None:
    sink = Lines()
    handle = await runner.start(
        order(*python("import os; print('ids', os.getpid(), os.getpgrp(), os.getsid(0))")), sink
    )
    assert await sink.line("ids") == f"{handle.pid} {handle.pid} {handle.pid}"
    await within(runner.wait(handle))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the user")
async def test_another_user(runner: ProcessRunner) -> None:
    sink = Lines()
    handle = await runner.start(
        order("sh", "-c", "echo ids $(id -un) $(id -Gn); exec sleep 1000", user="nobody"), sink
    )
    assert (await sink.line("ids")).split() == ["nobody", "nogroup"]
    assert await within(runner.stop(handle, StopPolicy())) == Exit(None, signal=signal.SIGTERM)


def _refusal(
    command: tuple[str, ...], cwd: Path, user: str | None = None, environ: dict[str, str] | None = None
) -> StartRefused:
    with pytest.raises(StartRefused) as refused:
        launch(Order(command, cwd, {"PATH": PATH}, user=user))
    return refused.value


REFUSED = [
    (("pyhton", "bot.py"), r"command not found: pyhton \(looked in PATH="),
    (("bot.py",), r"bot\.py was found but|command not found: bot\.py .*did you mean \./bot\.py\?"),
    (("./missing.sh",), r"command not found: \./missing\.sh \(there is no "),
    (("./plain.py",), r"plain\.py is not executable: chmod \+x it"),
    (("./folder",), r"is a folder, not a program"),
    (("./bare.sh",), r"is it missing a #! line\?"),
    (("./lost.sh",), r"its #! line names /no/such/interpreter, which is not to be found$"),
    (("./windows.sh",), r"its #! line names /bin/sh, which is not to be found \(it has Windows line ends"),
    (("sh", "-c", "x" * 3_000_000), r"arguments and environment are too long"),
    (("sh", "-c", "a\0b"), r"cannot be started: embedded null byte"),
    (("./" + "x" * 300,), r"File name too long"),
]


@pytest.mark.parametrize(("command", "reason"), REFUSED, ids=[words[0][:12] + words[-1][:3] for words, _ in REFUSED])
def test_refusals_say_what_to_mend(tmp_path: Path, command: tuple[str, ...], reason: str) -> None:
    for name, text, mode in [
        ("bot.py", "#!/bin/sh\n", 0o755),
        ("plain.py", "print()", 0o644),
        ("bare.sh", "echo hello\n", 0o755),
        ("lost.sh", "#!/no/such/interpreter -x\n", 0o755),
        ("windows.sh", "#!/bin/sh\r\necho\r\n", 0o755),
    ]:
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(mode)
    (tmp_path / "folder").mkdir()
    refused = _refusal(command, tmp_path)
    assert re.search(reason, refused.reason), refused.reason
    assert refused.permanent


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert (
        _refusal(("true",), tmp_path / "gone").reason == f"the folder {tmp_path / 'gone'} does not exist; mend `cwd`"
    )
    (tmp_path / "file").touch()
    assert "is not a folder" in _refusal(("true",), tmp_path / "file").reason


def test_an_unknown_user_is_named() -> None:
    refused = _refusal(("true",), Path("/"), user="no-such-user")
    assert "no user 'no-such-user'" in refused.reason
    assert refused.permanent


def test_no_descriptors_left_is_not_for_ever(tmp_path: Path) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(name.name) for name in Path("/dev/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 1, limits[1]))
    hogs: list[int] = []
    try:
        while True:
            try:
                hogs.append(os.open("/", os.O_RDONLY))
            except OSError:
                break
        refused = _refusal(("/bin/sh",), Path("/"))
    finally:
        for hog in hogs:
            os.close(hog)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert not refused.permanent
