"""Rights, leases, venvs and the supervisor's word, on real files and locks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor.doctor.port import check_port
from supervisor.doctor.rights import check_rights
from supervisor.doctor.supervisor import check_file, check_lease, check_state, check_supervisor
from supervisor.doctor.venv import check_venv
from supervisor.leases import LEASE_DIR_VARIABLE, FileLeases
from supervisor.model.bots import Mode
from supervisor.model.findings import Level
from supervisor.model.status import Phase
from tests.doctor.stage import ID, TOKEN, off, patient, running, up, visit
from tests.fakes.supervisor import bot as status_of


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder that everybody may pass: pytest's own is closed."""
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/") and folder.stat().st_uid == os.geteuid():
            folder.chmod(0o755)
    return tmp_path


class TestRights:
    def test_closed_files_are_well(self, open_folder: Path) -> None:
        env = open_folder / ".env"
        env.write_text(TOKEN)
        env.chmod(0o600)
        assert [each.level for each in check_rights(visit(open_folder, files=(env,)))] == [Level.OK]

    @pytest.mark.parametrize(("mode", "level"), [(0o644, Level.PROBLEM), (0o640, Level.WARNING)])
    def test_an_open_secret_comes_with_the_command_that_closes_it(
        self, open_folder: Path, mode: int, level: Level
    ) -> None:
        env = open_folder / ".env"
        env.write_text(f"A=1\nBOT_TOKEN={TOKEN}\n")
        env.chmod(mode)
        [found] = check_rights(visit(open_folder, files=(env,)))
        assert (found.level, found.remedy) == (level, f"chmod 600 {env}")
        assert "Fake" not in found.evidence
        subprocess.run(["sh", "-c", found.remedy], check=True)
        assert check_rights(visit(open_folder, files=(env,)))[0].level is Level.OK

    def test_a_closed_folder_above_closes_it(self, open_folder: Path) -> None:
        inner = open_folder / "closed"
        inner.mkdir(mode=0o700)
        env = inner / ".env"
        env.write_text(TOKEN)
        env.chmod(0o644)
        assert [each.level for each in check_rights(visit(open_folder, files=(env,)))] == [Level.WARNING]

    def test_a_file_without_secrets_may_be_read(self, open_folder: Path) -> None:
        file = open_folder / "bots.yaml"
        file.write_text("bots: {}")
        file.chmod(0o644)
        assert check_rights(visit(open_folder, files=(file,)))[0].level is Level.OK

    def test_one_that_everybody_may_change_is_a_problem(self, open_folder: Path) -> None:
        file = open_folder / "bots.yaml"
        file.write_text("bots: {}")
        file.chmod(0o666)
        [found] = check_rights(visit(open_folder, files=(file,)))
        assert (found.level, found.remedy) == (Level.PROBLEM, f"chmod o-w {file}")

    def test_the_socket_that_others_may_open_is_a_problem(self, open_folder: Path) -> None:
        (open_folder / "state").mkdir(mode=0o755)
        (open_folder / "state").chmod(0o755)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(open_folder / "state" / "control.sock"))
            (open_folder / "state" / "control.sock").chmod(0o666)
            found = check_rights(visit(open_folder))
        assert [each.level for each in found] == [Level.WARNING, Level.PROBLEM]
        assert "whoever may open it may do everything" in found[1].evidence


class TestLease:
    @pytest.fixture(autouse=True)
    def leases(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileLeases:
        monkeypatch.setenv(LEASE_DIR_VARIABLE, str(tmp_path / "leases"))
        return FileLeases(tmp_path / "leases", "/usr/bin/botctl up -f other.yaml")

    def test_a_look_at_a_bot_that_never_ran_writes_nothing(self, tmp_path: Path) -> None:
        assert check_lease(patient()).evidence == "free"
        assert not (tmp_path / "leases").exists()

    def test_free_again(self, leases: FileLeases) -> None:
        leases.take(ID, "news").drop()  # type: ignore[arg-type,unused-ignore]
        assert check_lease(patient()).level is Level.OK
        leases.take(ID, "news").drop()  # type: ignore[arg-type,unused-ignore]

    def test_held_by_another_supervisor(self, leases: FileLeases) -> None:
        lease = leases.take(ID, "news")  # type: ignore[arg-type,unused-ignore]
        found = check_lease(patient())
        lease.drop()
        assert found.level is Level.PROBLEM
        assert f"another supervisor of this machine, or by what one left behind: pid {os.getpid()}" in found.evidence
        assert "other.yaml" in found.evidence

    def test_held_by_what_is_left_of_a_run(self, leases: FileLeases, tmp_path: Path) -> None:
        code = (
            "import os, sys; from pathlib import Path; from supervisor.leases import FileLeases\n"
            f"lease = FileLeases(Path({str(tmp_path / 'leases')!r}), 'botctl up').take({ID}, 'news')\n"
            "os.set_inheritable(lease.fd, True); os.dup2(lease.fd, 9)\n"
            "if os.fork() == 0: sys.stdin.read()\n"
        )
        read, write = os.pipe()
        subprocess.run([sys.executable, "-c", code], stdin=read, check=True)
        found = check_lease(patient())
        os.close(read)
        os.close(write)
        assert found.level is Level.PROBLEM
        assert "left" in found.evidence
        assert "botctl up" in found.evidence

    def test_ours(self) -> None:
        assert check_lease(patient(status=up())).evidence == "held by this supervisor"


class TestSupervisor:
    def test_none(self, tmp_path: Path) -> None:
        [found] = check_supervisor(visit(tmp_path, patient()))
        assert (found.level, found.remedy) == (Level.WARNING, f"botctl up -f {tmp_path}/bots.yaml")

    def test_one_with_another_file_and_problems(self, tmp_path: Path) -> None:
        status = running(tmp_path / "other.yaml", up(), problems=("journal: disk full",))
        found = check_supervisor(visit(tmp_path, patient(), status=status))
        assert [each.level for each in found] == [Level.WARNING, Level.PROBLEM]

    def test_the_file(self, tmp_path: Path) -> None:
        assert check_file(visit(tmp_path, patient())).evidence == "1 bot, no problems"

    @pytest.mark.parametrize(
        ("phase", "level", "remedy"),
        [
            (Phase.UP, Level.OK, ""),
            (Phase.HELD, Level.PROBLEM, "botctl incidents news --last"),
            (Phase.FAILED, Level.PROBLEM, "botctl logs news -n 50"),
            (Phase.RESTING, Level.WARNING, "botctl logs news -n 50"),
        ],
    )
    def test_the_state_of_a_bot(self, phase: Phase, level: Level, remedy: str) -> None:
        [found] = check_state(patient(status=status_of("news", phase, reason="why")))
        assert (found.level, found.remedy) == (level, remedy)
        assert found.evidence == f"{phase}: why"


class TestVenv:
    def test_one_whose_interpreter_vanished(self, tmp_path: Path) -> None:
        (tmp_path / ".venv" / "bin").mkdir(parents=True)
        (tmp_path / ".venv" / "pyvenv.cfg").write_text("home = /gone\n")
        (tmp_path / ".venv" / "bin" / "python").symlink_to("/gone/python3.9")
        found = check_venv(patient(cwd=tmp_path), tmp_path / "state")
        assert found is not None
        assert (found.level, "/gone/python3.9" in found.evidence) == (Level.PROBLEM, True)
        assert found.remedy == f"python3 -m venv --clear {tmp_path}/.venv"

    def test_one_that_is_whole_one_of_ours_and_none(self, tmp_path: Path) -> None:
        assert check_venv(patient(cwd=tmp_path), tmp_path / "state") is None
        own = tmp_path / "state" / "venvs" / "news" / "bin"
        own.mkdir(parents=True)
        found = check_venv(patient(cwd=tmp_path), tmp_path / "state")
        assert found is not None
        assert (found.level, found.remedy) == (Level.WARNING, "botctl restart news    # makes it anew")
        (own / "python").symlink_to(sys.executable)
        found = check_venv(patient(cwd=tmp_path), tmp_path / "state")
        assert found is not None
        assert found.level is Level.OK


class TestPort:
    async def test_a_port_that_something_else_has(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            found = await check_port(patient(mode=Mode.WEB, status=off(), port=port))
        assert found is not None
        assert (found.level, str(port) in found.remedy) == (Level.PROBLEM, True)
        found = await check_port(patient(mode=Mode.WEB, status=off(), port=port))
        assert found is not None
        assert found.level is Level.OK

    async def test_a_worker_has_none(self) -> None:
        assert await check_port(patient(status=up())) is None
