"""The setup command: when it runs, where, with what, and what becomes of its failures."""

from __future__ import annotations

import asyncio
import os
import signal
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from supervisor.errors import StartRefused
from supervisor.model.bots import RunSpec
from supervisor.model.runs import RunId
from supervisor.runners import environment
from supervisor.runners.process import ProcessRunner
from supervisor.runners.protocol import StartOrder
from supervisor.runners.setup import Setups
from tests.contract.stage import PATH, Lines, gone, is_alive, spec, within

BASE: Mapping[str, str] = {"PATH": PATH, "HOME": "/nonexistent", "BOT_TOKEN": "of the supervisor"}


@pytest.fixture
def setups(runner: ProcessRunner, tmp_path: Path) -> Setups:
    return Setups(tmp_path / "state", runner, base=BASE)


@pytest.fixture
def bot(tmp_path: Path) -> RunSpec:
    """A bot that is no Python, so that no venv is made; its setup counts how often it ran."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "deps.txt").write_text("-r more.txt\n")
    (code / "more.txt").write_text("one\n")
    return spec("./bot", cwd=code, setup=("sh", "-c", "echo x >> runs; cat deps.txt; env > seen"))


def runs(bot: RunSpec) -> int:
    path = bot.cwd / "runs"
    return len(path.read_text().splitlines()) if path.exists() else 0


async def test_once_with_live_output_and_no_token(setups: Setups, bot: RunSpec) -> None:
    sink = Lines()
    assert await within(setups.prepare(bot, "news", sink)) is None
    assert sink.streams == {"setup": b"-r more.txt\n"}
    assert sink.ends == ["setup"]
    seen = (bot.cwd / "seen").read_text()
    assert "BOTCTL_BOT=news" in seen
    assert "TOKEN" not in seen
    await within(setups.prepare(bot, "news", Lines()))
    await within(setups.prepare(replace(bot, env={"ADMIN_ID": "43"}), "news", Lines()))
    assert runs(bot) == 1


@pytest.mark.parametrize("name", ["deps.txt", "more.txt"])
async def test_again_when_a_named_or_included_file_changes(setups: Setups, bot: RunSpec, name: str) -> None:
    await within(setups.prepare(bot, "news", Lines()))
    (bot.cwd / name).write_text("-r more.txt\nnew\n")
    await within(setups.prepare(bot, "news", Lines()))
    assert runs(bot) == 2


async def test_again_when_the_command_changes(setups: Setups, bot: RunSpec) -> None:
    await within(setups.prepare(bot, "news", Lines()))
    await within(setups.prepare(replace(bot, setup=("sh", "-c", "echo y >> runs; cat more.txt")), "news", Lines()))
    assert runs(bot) == 2


async def test_a_failure_says_code_and_last_line_and_is_tried_again(setups: Setups, bot: RunSpec) -> None:
    failing = replace(
        bot,
        setup=(
            "sh",
            "-c",
            "echo x >> runs; echo begin; echo 'ERROR: no such package' >&2; echo 'hint: look above' >&2; exit 23",
        ),
    )
    for _ in range(2):
        with pytest.raises(StartRefused) as refused:
            await within(setups.prepare(failing, "news", Lines()))
        assert not refused.value.permanent
        assert refused.value.reason == "setup exited with code 23: ERROR: no such package"
    assert runs(bot) == 2


async def test_a_failed_change_is_not_forgotten(setups: Setups, bot: RunSpec) -> None:
    """Going back to the old command after a broken one must run it again: the broken one may have changed things."""
    await within(setups.prepare(bot, "news", Lines()))
    with pytest.raises(StartRefused):
        await within(setups.prepare(replace(bot, setup=("false",)), "news", Lines()))
    await within(setups.prepare(bot, "news", Lines()))
    assert runs(bot) == 2


async def test_a_missing_setup_program_is_permanent(setups: Setups, bot: RunSpec) -> None:
    with pytest.raises(StartRefused, match="command not found: no-such-tool") as refused:
        await within(setups.prepare(replace(bot, setup=("no-such-tool",)), "news", Lines()))
    assert refused.value.permanent


async def test_the_time_limit_ends_the_whole_tree(setups: Setups, bot: RunSpec) -> None:
    sink = Lines()
    slow = replace(bot, setup=("sh", "-c", "setsid sleep 1000 & echo $!; sleep 1000"), setup_timeout=0.5)
    with pytest.raises(StartRefused, match=r"longer than 0\.5 s"):
        await within(setups.prepare(slow, "news", sink))
    assert not is_alive(int(sink.streams["setup"]))


async def test_nobody_wants_it_any_more(setups: Setups, bot: RunSpec) -> None:
    sink = Lines()
    slow = replace(bot, setup=("sh", "-c", "echo pid $$; exec sleep 1000"))
    preparing = asyncio.create_task(setups.prepare(slow, "news", sink))
    pid = int(await sink.line("pid", "setup"))
    preparing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await within(preparing)
    await gone(pid)


def _wheel(path: Path, module: str, code: str) -> None:
    """The smallest package that pip installs without building anything."""
    info = f"{module}-1.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{module}.py", code)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


async def test_a_python_bot_has_its_packages(setups: Setups, runner: ProcessRunner, tmp_path: Path) -> None:
    """A real pip, a real package, no network."""
    code = tmp_path / "code"
    code.mkdir()
    _wheel(code / "tiny-1-py3-none-any.whl", "tiny", "answer = 42")
    (code / "requirements.txt").write_text("./tiny-1-py3-none-any.whl\n")
    command = ("pip", "install", "--no-index", "-r", "requirements.txt")
    bot = spec("python", "-c", "import sys, tiny; print('found', tiny.answer, sys.prefix)", cwd=code, setup=command)
    venv = await within(setups.prepare(bot, "news", Lines()), 100)
    assert venv == tmp_path / "state" / "venvs" / "news"
    sink = Lines()
    mark = runner.mark(RunId("news", 1))
    environ = environment.build(bot, mark, venv=venv, base=BASE)
    handle = await runner.start(StartOrder(mark.run, bot, environ), sink)
    assert await sink.line("found") == f"42 {venv}"
    await within(runner.wait(handle))


async def test_a_venv_is_rebuilt_for_another_interpreter_only(
    runner: ProcessRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python3.99` stands for an interpreter that can be replaced; it makes the folder and notes that it did."""
    tools = tmp_path / "tools"
    tools.mkdir()
    fake = tools / "python3.99"
    fake.write_text('#!/bin/sh\necho made >> "$HOME/made"\nmkdir -p "$3/bin"\n: > "$3/bin/python"\n')
    fake.chmod(0o755)
    base = {"PATH": f"{tools}:{PATH}", "HOME": str(tmp_path)}
    bot = spec("python3.99", "bot.py", cwd=tmp_path, setup=("sh", "-c", "echo ran >> ran"))
    setups = Setups(tmp_path / "state", runner, base=base)
    for _ in range(2):
        await within(setups.prepare(bot, "news", Lines()))
    made = tmp_path / "made"
    assert made.read_text() == "made\n"
    os.utime(fake, (1, 1))
    await within(setups.prepare(bot, "news", Lines()))
    assert made.read_text() == "made\nmade\n"
    assert (tmp_path / "ran").read_text() == "ran\nran\n"
    (tmp_path / "state" / "venvs" / "news" / "bin" / "python").unlink()
    await within(setups.prepare(bot, "news", Lines()))
    assert made.read_text().count("made") == 3
    setups.forget("news")
    assert list((tmp_path / "state" / "venvs").iterdir()) == []


async def test_a_given_venv_is_used_and_not_made(setups: Setups, bot: RunSpec, tmp_path: Path) -> None:
    given = replace(bot, command=("python", "bot.py"), venv=tmp_path / "mine")
    assert await within(setups.prepare(given, "news", Lines())) == tmp_path / "mine"
    assert "VIRTUAL_ENV=" in (bot.cwd / "seen").read_text()
    assert not (tmp_path / "state" / "venvs" / "news").exists()


async def test_an_interrupted_setup_is_done_again(setups: Setups, bot: RunSpec) -> None:
    """The supervisor died in the middle: all that is left is what it wrote before."""
    suicidal = replace(bot, setup=("sh", "-c", "echo x >> runs; test $(wc -l < runs) -gt 1 || kill -KILL $$"))
    with pytest.raises(StartRefused, match=signal.SIGKILL.name):
        await within(setups.prepare(suicidal, "news", Lines()))
    await within(setups.prepare(suicidal, "news", Lines()))
    await within(setups.prepare(suicidal, "news", Lines()))
    assert runs(bot) == 2
