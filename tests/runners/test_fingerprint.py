"""Which bots get a venv, from which interpreter, and which files make a setup run again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from supervisor.runners.fingerprint import digest, identity, interpreter, wants_venv
from tests.contract.stage import spec

PIP = ("pip", "install", "-r", "requirements.txt")


@pytest.mark.parametrize(
    ("command", "setup", "wanted"),
    [
        ("python bot.py", PIP, True),
        ("/usr/bin/python3.11 -m bot", ("make",), True),
        ("./bot.py", PIP, True),
        ("gunicorn app:app", ("sh", "-c", "pip install ."), True),
        ("bot", ("uv", "pip", "install", "."), True),
        ("bot", ("poetry", "install"), True),
        ("python bot.py", None, False),
        ("node bot.js", ("npm", "ci"), False),
        ("uv run bot", ("uv", "sync"), False),
        ("./bot", ("go", "build", "./pipeline"), False),
    ],
)
def test_who_gets_a_venv(command: str, setup: tuple[str, ...] | None, wanted: bool) -> None:
    assert wants_venv(spec(*command.split(), setup=setup)) is wanted


def test_interpreter_is_the_commands_if_it_names_one(tmp_path: Path) -> None:
    versioned = tmp_path / "python3.99"
    versioned.touch(0o755)
    assert interpreter(spec("python", "bot.py"), "/bin") == sys.executable
    assert interpreter(spec("/opt/python3", "bot.py"), "/bin") == "/opt/python3"
    assert interpreter(spec("python3.99", "bot.py"), str(tmp_path)) == str(versioned)
    assert interpreter(spec("python3.99", "bot.py"), "/nowhere") == sys.executable
    before = identity(str(versioned))
    versioned.write_text("another one")
    assert identity(str(versioned)) != before


@pytest.mark.parametrize(
    ("setup", "name"),
    [
        (PIP, "requirements.txt"),
        (("pip", "install", "-rrequirements.txt"), "requirements.txt"),
        (("pip", "install", "--requirement=requirements.txt"), "requirements.txt"),
        (("sh", "-c", "pip install -r requirements.txt && echo done"), "requirements.txt"),
        (PIP, "deps/base.txt"),
        (PIP, "deps/limits.txt"),
        (("npm", "ci"), "package-lock.json"),
        (("npm", "ci"), "package.json"),
        (("pnpm", "install"), "pnpm-lock.yaml"),
        (("yarn",), "yarn.lock"),
        (("poetry", "install"), "poetry.lock"),
        (("uv", "sync"), "uv.lock"),
        (("pip", "install", "."), "pyproject.toml"),
        (("pip", "install", "-e", ".[bots]"), "pyproject.toml"),
        (("python", "prepare.py"), "prepare.py"),
    ],
)
def test_files_that_count(tmp_path: Path, setup: tuple[str, ...], name: str) -> None:
    (tmp_path / "deps").mkdir()
    (tmp_path / "requirements.txt").write_text("-r deps/base.txt\n--constraint deps/limits.txt\naiogram\n")
    (tmp_path / "deps" / "base.txt").write_text("-r base.txt\n-c ../requirements.txt\n")
    (tmp_path / "deps" / "limits.txt").touch()
    (tmp_path / "unrelated.py").touch()
    bot = spec("bot", cwd=tmp_path, setup=setup)
    target = tmp_path / name
    target.touch()
    before = digest(bot)
    (tmp_path / "unrelated.py").write_text("changed")
    assert digest(bot) == before
    with target.open("a") as file:
        file.write("# changed\n")
    assert digest(bot) != before


def test_words_that_cannot_be_names_do_no_harm(tmp_path: Path) -> None:
    digest(spec("bot", cwd=tmp_path, setup=("sh", "-c", "x" * 5000 + " a\0b ; =")))
