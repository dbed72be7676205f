"""Exit codes, and errors that are sentences: never a traceback, never a token."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.cli.exits import BadUsage, Exit, Failed, guarded
from supervisor.errors import AlreadyRunning, ConfigError, NotRunning, StillAlive, SupervisorError
from supervisor.model.leases import Holder
from supervisor.model.problems import Problem
from supervisor.names import UnknownBot
from tests.cli.conftest import Botctl
from tests.fakes.supervisor import FakeSupervisor

SECRET = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
PROBLEMS = [Problem(Path("bots.yaml"), 12, 5, "bots.news.mode", '"wroker" is not web or worker')]


def fails(error: BaseException) -> int:
    def command() -> int:
        raise error

    return guarded(command)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Failed("no", "hint"), Exit.FAILED),
        (StillAlive([1]), Exit.FAILED),
        (SupervisorError("no"), Exit.FAILED),
        (BadUsage("no"), Exit.BAD_USAGE),
        (UnknownBot("newz", ["news"]), Exit.BAD_USAGE),
        (ConfigError(PROBLEMS), Exit.BAD_USAGE),
        (AlreadyRunning(Holder(17, 0.0, "botctl up")), Exit.ALREADY_RUNNING),
        (NotRunning("nobody"), Exit.NOT_RUNNING),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (ZeroDivisionError(), Exit.FAILED),
    ],
)
def test_every_error_has_its_code(error: BaseException, code: Exit, capsys: pytest.CaptureFixture[str]) -> None:
    assert fails(error) == code
    assert "Traceback" not in capsys.readouterr().err


def test_the_codes_are_a_promise() -> None:
    assert [code.value for code in Exit] == [0, 1, 2, 3, 4, 130]


def test_problems_stand_alone_on_their_lines(capsys: pytest.CaptureFixture[str]) -> None:
    fails(ConfigError(PROBLEMS))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == 'bots.yaml:12:5: bots.news.mode: "wroker" is not web or worker'
    assert lines[1].strip().startswith("1 problem; nothing was changed")


def test_who_runs_already_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    fails(AlreadyRunning(Holder(17, 1_795_179_600.0, "botctl up -f bots.yaml")))
    told = capsys.readouterr().err
    assert "pid 17, since 2026-11-20" in told
    assert "botctl up -f bots.yaml" in told
    assert "kill 17" in told


@pytest.mark.parametrize("debug", [False, True])
def test_the_unexpected_is_one_line_unless_asked_and_never_holds_a_token(
    debug: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOTCTL_DEBUG", "1" if debug else "")
    assert fails(RuntimeError(f"POST https://api.telegram.org/bot{SECRET}/getMe\nmore")) == Exit.FAILED
    told = capsys.readouterr().err
    assert ("Traceback" in told) is debug
    assert "RuntimeError: POST https://api.telegram.org/bot123456789:[redacted]/getMe" in told
    assert "Fake" not in told


@pytest.mark.parametrize("typed", [("unlock", SECRET), ("logs", SECRET), ("up", "-f", f"x{SECRET}"), (SECRET,)])
async def test_a_token_on_the_command_line_is_refused_unread(botctl: Botctl, typed: tuple[str, ...]) -> None:
    done = await botctl(*typed)
    assert done.code == 2
    assert "--token-file" in done.err
    assert "Fake" not in done.out + done.err


@pytest.mark.parametrize("typed", [("stat",), ("status", "--jsn"), ("logs", "-n", "many"), ("start", "--wait")])
async def test_bad_usage_is_two(botctl: Botctl, typed: tuple[str, ...]) -> None:
    done = await botctl(*typed)
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err


async def test_a_supervisors_own_error_is_a_failure(botctl: Botctl, fake: FakeSupervisor) -> None:
    fake.failure = RuntimeError("boom")
    for typed in ("status", "plan"):
        done = await botctl(typed)
        assert done.code == 1
        assert "internal error: RuntimeError" in done.err


async def test_version_tells_both(botctl: Botctl, fake: FakeSupervisor) -> None:
    from supervisor import __version__

    assert (await botctl("version")).lines == [f"botctl {__version__}", f"supervisor {__version__}"]


async def test_version_works_alone(botctl: Botctl) -> None:
    done = await botctl("version", "--json")
    assert done.code == 0
    assert '"supervisor": null' in done.out
