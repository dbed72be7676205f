"""Tokens in real files, real git histories, real processes: found, named by bot id, never shown."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from supervisor.doctor import files, githistory
from supervisor.doctor.files import Search
from supervisor.doctor.githistory import search_git
from supervisor.doctor.leaks import Known, Place, judge_leaks, known_tokens
from supervisor.model.findings import Finding, Level
from tests.doctor.stage import ID, OLDER, TOKEN, patient, visit

KNOWN = Known({ID: TOKEN})
STRANGER = "987654321:AAFakeFakeFakeFakeFakeFakeFakeFakeF"


def told(search: Search) -> list[Finding]:
    found = judge_leaks(search.leaks, {ID: "news"})
    assert all("Fake" not in each.evidence + each.remedy for each in found)
    return found


class TestHistories:
    def search(self, folder: Path) -> list[Finding]:
        return told(files.search_histories(visit(folder, patient()), KNOWN))

    def test_the_line_is_named_and_the_command_that_removes_it(self, tmp_path: Path) -> None:
        history = tmp_path / ".bash_history"
        history.write_text(f"ls\ncurl https://api.telegram.org/bot{TOKEN}/getMe\nls\n")
        history.chmod(0o600)
        [found] = self.search(tmp_path)
        assert (found.check, found.bot, found.level) == (Place.HISTORY, "news", Level.WARNING)
        assert f"{history} (line 2)" in found.evidence
        subprocess.run(["sh", "-c", found.remedy.partition(";")[0]], check=True)
        assert history.read_text() == "ls\nls\n"

    @pytest.mark.parametrize("name", [".zsh_history", ".local/share/fish/fish_history", ".python_history"])
    def test_other_shells_too(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"export T={TOKEN}\n")
        assert len(self.search(tmp_path)) == 1

    def test_an_older_token_is_told_apart(self, tmp_path: Path) -> None:
        (tmp_path / ".bash_history").write_text(f"T={OLDER}\n")
        [found] = self.search(tmp_path)
        assert found.level is Level.WARNING
        assert "an older token" in found.evidence

    def test_others_tokens_and_masked_ones_are_none(self, tmp_path: Path) -> None:
        (tmp_path / ".bash_history").write_text(f"T={STRANGER}\nT={ID}:[redacted]\n12:30 {ID}:short\n")
        assert self.search(tmp_path) == []


class TestLogs:
    def search(self, folder: Path) -> Search:
        return files.search_logs(visit(folder, patient()), KNOWN)

    def test_one_in_a_log_of_ours_is_a_problem(self, tmp_path: Path) -> None:
        (tmp_path / "state" / "logs").mkdir(parents=True)
        (tmp_path / "state" / "logs" / "news.log.1").write_text(f"x\nGET /bot{TOKEN}/getMe\n")
        (tmp_path / "state" / "logs" / "shop.log").write_text(f"GET /bot{ID}:[redacted]/getMe\n")
        [found] = told(self.search(tmp_path))
        assert (found.check, found.level) == (Place.LOGS, Level.PROBLEM)
        assert "news.log.1" in found.evidence

    def test_one_across_two_blocks_is_found(self, tmp_path: Path) -> None:
        (tmp_path / "state" / "logs").mkdir(parents=True)
        text = "x" * (files.BLOCK - 20) + " " + TOKEN + " "
        (tmp_path / "state" / "logs" / "news.log").write_text(text)
        [found] = told(self.search(tmp_path))
        assert "the token of bot" in found.evidence


class TestPm2:
    def test_the_app_is_named(self, tmp_path: Path) -> None:
        (tmp_path / ".pm2").mkdir()
        apps = [{"name": "web", "env": {}}, {"name": "old-news", "env": {"BOT_TOKEN": TOKEN}}]
        (tmp_path / ".pm2" / "dump.pm2").write_text(json.dumps(apps))
        (tmp_path / ".pm2" / "dump.pm2").chmod(0o600)
        [found] = told(files.search_pm2(visit(tmp_path, patient()), KNOWN))
        assert "app old-news" in found.evidence
        assert found.remedy.startswith("pm2 delete 'old-news' && pm2 save")

    def test_its_home_can_be_elsewhere_and_the_file_broken(self, tmp_path: Path) -> None:
        (tmp_path / "dump.pm2").write_text(f'[{{"env": "{TOKEN}"')
        there = visit(tmp_path, patient(), environ={"PM2_HOME": str(tmp_path)})
        assert len(told(files.search_pm2(there, KNOWN))) == 1


async def test_a_command_line_with_a_token_is_a_problem() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()", TOKEN,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        await asyncio.wait_for(process.stdout.readline(), 20)
        found = told(files.search_command_lines(KNOWN))
    finally:
        process.stdin.close()
        await process.wait()
    assert [(each.check, each.level) for each in found] == [(Place.COMMAND_LINE, Level.PROBLEM)]
    assert f"pid {process.pid}" in found[0].evidence


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
class TestGit:
    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        self.git(tmp_path, "init", "-q", ".")
        (tmp_path / "bots").mkdir()
        return tmp_path

    def git(self, folder: Path, *words: str) -> None:
        clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
        who = ("-c", "user.email=a@example.org", "-c", "user.name=a")
        subprocess.run(["git", *who, *words], cwd=folder, check=True, env=clean)

    def commit(self, folder: Path, text: str) -> None:
        (folder / "bots" / ".env").write_text(text)
        self.git(folder, "add", "-A")
        self.git(folder, "commit", "-q", "-m", "x")

    async def search(self, folder: Path) -> tuple[list[Finding], Search]:
        environ = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        search = await search_git([folder / "bots", folder], KNOWN, environ)
        return told(search), search

    async def test_one_that_was_removed_again_is_still_there(self, repository: Path) -> None:
        self.commit(repository, f"BOT_TOKEN={TOKEN}\n")
        self.commit(repository, "BOT_TOKEN=\n")
        [found], search = await self.search(repository)
        assert (found.check, found.bot, found.level) == (Place.GIT, "news", Level.WARNING)
        assert "bots/.env in commit" in found.evidence
        assert "/revoke" in found.remedy
        assert search.unread == []

    async def test_with_a_remote_others_may_have_it(self, repository: Path) -> None:
        self.commit(repository, f"BOT_TOKEN={TOKEN}\n")
        self.git(repository, "remote", "add", "origin", "https://me:secret@example.org/x.git")
        [found], _ = await self.search(repository)
        assert found.level is Level.PROBLEM
        assert "origin" in found.evidence
        assert "secret" not in found.evidence

    async def test_an_older_token_and_none(self, repository: Path) -> None:
        self.commit(repository, f"BOT_TOKEN={STRANGER}\n")
        assert (await self.search(repository))[0] == []
        self.commit(repository, f"BOT_TOKEN={OLDER}\n")
        [found], _ = await self.search(repository)
        assert (found.level, "an older token" in found.evidence) == (Level.WARNING, True)

    async def test_a_line_without_end_is_read_too(self, repository: Path) -> None:
        self.commit(repository, "x" * (3 * githistory._LINE) + f" {TOKEN} " + "y" * 100)
        assert len((await self.search(repository))[0]) == 1

    async def test_nothing_of_the_repository_is_run(self, repository: Path) -> None:
        self.commit(repository, f"BOT_TOKEN={TOKEN}\n")
        trap = repository / "trap.sh"
        trap.write_text(f'#!/bin/sh\ntouch {repository}/sprung\ncat "$1"\n')
        trap.chmod(0o755)
        (repository / ".gitattributes").write_text("* diff=trap\n")
        for key in ("diff.external", "diff.trap.textconv", "diff.trap.command", "core.fsmonitor", "core.pager"):
            self.git(repository, "config", key, str(trap))
        (repository / "sprung").unlink(missing_ok=True)
        found, _ = await self.search(repository)
        assert len(found) == 1
        assert not (repository / "sprung").exists()

    async def test_one_that_takes_too_long_is_not_read_and_said_so(
        self, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.commit(repository, f"BOT_TOKEN={TOKEN}\n")
        monkeypatch.setattr(githistory, "SECONDS", 0.0)
        found, search = await self.search(repository)
        assert found == []
        assert "not within" in search.unread[0]

    async def test_the_token_is_on_no_command_line_of_git(self, repository: Path, fake_git: Path) -> None:
        environ = {"PATH": f"{fake_git.parent}:{os.environ['PATH']}", "HOME": str(repository)}
        await search_git([repository], KNOWN, environ)
        asked = (fake_git.parent / "asked").read_text()
        assert str(ID) in asked
        assert "AAFake" not in asked

    @pytest.fixture
    async def fake_git(self, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
        """Writes down how it is called, then is git."""
        folder = tmp_path_factory.mktemp("bin")
        program = folder / "git"
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {folder}/asked\nexec {shutil.which("git")} "$@"\n')
        program.chmod(0o755)
        os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"
        yield program
        os.environ["PATH"] = os.environ["PATH"].removeprefix(f"{folder}:")


async def test_without_git_histories_are_unread_not_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    search = await search_git([tmp_path], KNOWN, {})
    assert search.unread == ["git is not installed: histories were not read"]


def test_known_tokens_are_not_shown() -> None:
    assert "Fake" not in repr(known_tokens(visit(Path("/nonexistent"), patient())))
