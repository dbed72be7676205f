"""Keepers that cannot be started here (systemd, cron, screen, a person at a terminal), from what processes look like
under them; the shapes are those of Debian 12. pm2, supervisord, tmux and Docker are met in person elsewhere."""

from __future__ import annotations

import os
import pwd

import pytest

from supervisor.model.rivals import Owner, OwnerKind
from supervisor.rivals.cgroups import Unit, container_in, unit_in
from supervisor.rivals.owners import Readers, owner_of
from supervisor.rivals.processes import Process
from supervisor.rivals.survey import Survey

ME = os.geteuid()
USER = pwd.getpwuid(ME).pw_name


def process(pid: int, ppid: int, line: str, *, name: str = "", tty: int = 0, run: str = "") -> Process:
    argv = tuple(line.split())
    return Process(pid, ppid, ME, 1.0, name or argv[0].rpartition("/")[2], argv, tty=tty, run=run)


def owner(*line: Process, cgroup: str = "", environ: dict[int, dict[str, str]] | None = None) -> Owner:
    """Of the last one; they are each other's parents."""
    survey = Survey({each.pid: each for each in line})
    readers = Readers(lambda pid: (environ or {}).get(pid, {}), lambda pid: cgroup)
    return owner_of(survey, (line[-1],), readers)


INIT = process(1, 0, "/sbin/init", name="systemd")
BOT = process(50, 20, "python bot.py")


def test_cron() -> None:
    cron, job = process(10, 1, "/usr/sbin/cron -f"), process(20, 10, "/usr/sbin/CRON -f", name="cron")
    found = owner(INIT, cron, job, BOT, cgroup="0::/system.slice/cron.service\n")
    assert (found.kind, found.name) == (OwnerKind.CRON, f"job of {USER}")
    assert found.stop == ("kill 50", f"crontab -u {USER} -e")


def test_screen() -> None:
    screen, shell = process(10, 1, "SCREEN -S bots", name="screen"), process(20, 10, "/bin/bash", tty=3)
    found = owner(INIT, screen, shell, BOT, environ={50: {"STY": "10.bots"}})
    assert (found.kind, found.name, found.stop) == (OwnerKind.SCREEN, "bots", ("kill 50",))


def test_a_person_at_a_terminal_wins_over_the_unit_of_the_terminal() -> None:
    cgroup = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/gnome-terminal-server.service\n"
    found = owner(INIT, process(10, 1, "sshd: bob@pts/0"), process(20, 10, "-bash", tty=3), BOT, cgroup=cgroup)
    assert (found.kind, found.name, found.stop) == (OwnerKind.SHELL, f"bash of {USER} (20)", ("kill 50",))


def test_a_unit_of_the_system() -> None:
    found = owner(INIT, process(20, 1, "python bot.py"), cgroup="0::/system.slice/news-bot.service\n")
    assert (found.kind, found.name) == (OwnerKind.SYSTEMD, "news-bot.service")
    assert found.stop[0].endswith("systemctl disable --now news-bot.service")


def test_a_unit_of_a_user() -> None:
    cgroup = f"0::/user.slice/user-{ME}.slice/user@{ME}.service/app.slice/news.service\n"
    found = owner(INIT, process(20, 1, "python bot.py"), cgroup=cgroup)
    command = f"env XDG_RUNTIME_DIR=/run/user/{ME} systemctl --user disable --now news.service"
    assert (found.name, found.stop) == (f"news.service of {USER}", (command,))


def test_another_supervisor_s_run_is_stopped_by_its_own_botctl() -> None:
    daemon = process(20, 1, "python /opt/venv/bin/botctl up --state-dir /srv/bots")
    run = process(50, 20, "python bot.py", run="f00/b007/news/12")
    found = owner(INIT, daemon, run)
    assert found.kind is OwnerKind.BOTCTL
    assert (found.name, found.stop) == (
        "news of the supervisor with pid 20",
        ("botctl stop news --state-dir /srv/bots",),
    )


def test_nobody() -> None:
    found = owner(INIT, process(50, 1, "python bot.py"), cgroup="0::/user.slice/user-0.slice/session-3.scope\n")
    assert (found.kind, found.name, found.stop) == (OwnerKind.UNKNOWN, "", ("kill 50",))


ID = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("0::/system.slice/news.service", Unit("news.service")),
        ("0::/system.slice/system-bot.slice/bot@1.service", Unit("bot@1.service")),
        ("0::/system.slice/news.service/workers", Unit("news.service")),
        ("12:pids:/x\n1:name=systemd:/system.slice/news.service\n0::/", Unit("news.service")),
        ("4:memory:/system.slice/news.service", None),
        ("0::/user.slice/user-1.slice/user@1.service/app.slice/news.service", Unit("news.service", 1)),
        ("0::/user.slice/user-1.slice/user@1.service/init.scope", None),
        ("0::/user.slice/user-1.slice/session-7.scope", None),
        ("0::/system.slice/docker.service", None),
        ("0::/system.slice/ssh.service", None),
        ("0::/system.slice/cron.service", None),
        ("0::/system.slice/pm2-root.service", None),
        ("0::/", None),
        ("", None),
    ],
)
def test_units(cgroup: str, unit: Unit | None) -> None:
    assert unit_in(cgroup) == unit


@pytest.mark.parametrize(
    ("cgroup", "container"),
    [
        (f"0::/system.slice/docker-{ID}.scope", ID),
        (f"9:name=systemd:/docker/{ID}\n0::/", ID),
        (f"0::/docker/{ID}/docker/{'f' * 64}", "f" * 64),
        (f"0::/machine.slice/libpod-{ID}.scope/container", ID),
        ("0::/system.slice/docker.service", ""),
        (f"0::/docker/{ID[:-1]}", ""),
    ],
)
def test_containers(cgroup: str, container: str) -> None:
    assert container_in(cgroup) == container
