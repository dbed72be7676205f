"""scripts/setup and scripts/run in a project of their own, where the installer only says that it was called."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
INSTALLER = 'import sys; print("installing", *sys.argv[2:]); sys.exit(33)\n'
INSTALLS = 33


class Project:
    """A clone with spaces in its path; `made_from` pretends that .venv was made from that lock."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.scripts = root / "scripts"
        self.record = root / ".venv" / ".installed"
        self.scripts.mkdir(parents=True)
        for name in ("setup", "run"):
            shutil.copy(SCRIPTS / name, self.scripts)
        (self.scripts / "environment.py").write_text(INSTALLER)
        (root / "requirements.lock").write_text("aiohttp==3\n")
        (root / "requirements-dev.lock").write_text("aiohttp==3\npytest==9\n")
        (root / "bots.yaml").write_text("telegram:\n  api_url: simulator # DEMO\nbots: {}\n")

    def made_from(self, lock: str) -> None:
        self.record.mkdir(parents=True)
        shutil.copy(self.root / lock, self.record / "lock")
        (self.record / "installer").write_text(INSTALLER)
        (self.record / "root").write_text(f"{self.root}\n")
        (self.record / "python").write_text(f"{sys.version}\n")
        commands = self.root / ".venv" / "bin"
        commands.mkdir()
        (commands / "python").symlink_to(sys.executable)
        (commands / "botctl").write_text('#!/bin/sh\nfor word; do echo "$word"; done\n')
        (commands / "botctl").chmod(0o755)

    def call(self, script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"} | environment
        command = [str(self.scripts / script), *arguments]
        return subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path.resolve() / "a clone")


def test_first_time_installs_what_running_takes(project: Project) -> None:
    done = project.call("setup")
    assert (done.returncode, done.stdout) == (INSTALLS, "installing no\n")


@pytest.mark.parametrize(
    ("made_from", "asked", "installs"),
    [
        ("requirements.lock", (), False),
        ("requirements.lock", ("--dev",), True),
        ("requirements-dev.lock", (), False),
        ("requirements-dev.lock", ("--dev",), False),
    ],
)
def test_installs_only_what_is_missing(
    project: Project, made_from: str, asked: tuple[str, ...], installs: bool
) -> None:
    project.made_from(made_from)
    done = project.call("setup", *asked)
    assert done.returncode == (INSTALLS if installs else 0), done.stderr
    assert installs or not done.stdout + done.stderr


@pytest.mark.parametrize(
    "change",
    [
        lambda project: (project.root / "requirements.lock").write_text("aiohttp==4\n"),
        lambda project: (project.scripts / "environment.py").write_text(INSTALLER + "\n"),
        lambda project: (project.record / "root").write_text("/somewhere/else\n"),
        lambda project: (project.record / "python").write_text("3.11.0 (another build)\n"),
        lambda project: (project.root / ".venv" / "bin" / "python").unlink(),
        lambda project: (project.record / "lock").unlink(),
    ],
    ids=["lock", "installer", "moved", "python upgraded", "python gone", "interrupted"],
)
def test_installs_again_when_something_changed(project: Project, change: object) -> None:
    project.made_from("requirements.lock")
    assert callable(change)
    change(project)
    assert project.call("setup").returncode == INSTALLS


def test_old_python_is_refused_with_the_way_out(project: Project, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    for name in ("sh", "dirname", "cmp", "cat"):
        (old / name).symlink_to(shutil.which(name) or name)
    (old / "python3").write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n')
    (old / "python3").chmod(0o755)
    for done in (project.call("setup", PATH=str(old)), project.call("setup", PYTHON=str(old / "python3"))):
        assert done.returncode == 1
        assert "3.11 or newer" in done.stderr
        assert "PYTHON=/path/to/python3.11" in done.stderr
    assert "found: Python 3.9.2" in project.call("setup", PATH=str(old)).stderr


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ([], ["up", "--file={root}/bots.yaml", "--demo-conflict"]),
        (["--no-demo-conflict"], ["up", "--file={root}/bots.yaml"]),
        (["--no-demo-conflict", "--no-color"], ["up", "--file={root}/bots.yaml", "--no-color"]),
        (["--log-format", "json"], ["up", "--file={root}/bots.yaml", "--demo-conflict", "--log-format", "json"]),
        (["--file", "my bots.yaml"], ["up", "--file", "my bots.yaml"]),
        (["-f", "mine.yaml"], ["up", "-f", "mine.yaml"]),
    ],
)
def test_run_shows_a_conflict_in_the_demo_only(project: Project, given: list[str], passed_on: list[str]) -> None:
    project.made_from("requirements.lock")
    done = project.call("run", *given)
    assert done.stdout.splitlines() == [word.format(root=project.root) for word in passed_on]


def test_run_on_real_bots_has_no_rival(project: Project) -> None:
    project.made_from("requirements.lock")
    (project.root / "bots.yaml").write_text("telegram: # api_url: simulator\nbots: {}\n")
    assert project.call("run").stdout.splitlines() == ["up", f"--file={project.root}/bots.yaml"]
