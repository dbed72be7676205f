"""What is called a rival and how sure that is; and what cannot be a poller by its command line."""

from __future__ import annotations

import pytest

from supervisor.model.rivals import Owner, OwnerKind, Rival, TokenPlace
from supervisor.rivals.judge import Charge, judge
from supervisor.rivals.processes import Process
from supervisor.rivals.programs import is_bystander, is_wrapper

ENV, LINE, FILE = TokenPlace.ENVIRONMENT, TokenPlace.COMMAND_LINE, TokenPlace.ENV_FILE


def charge(
    kind: OwnerKind, place: TokenPlace, *, connected: bool = False, inherited: bool = False, alone: bool = True
) -> Charge:
    rival = Rival(1, 7, "bob", "bot", 0.0, Owner(kind, "", ()), place, connected=connected)
    return Charge(rival, inherited, alone)


@pytest.mark.parametrize(
    ("what", "sure"),
    [
        (charge(OwnerKind.UNKNOWN, ENV, connected=True), True),
        (charge(OwnerKind.SHELL, ENV, connected=True, inherited=True), True),
        (charge(OwnerKind.SHELL, ENV, inherited=True), None),
        (charge(OwnerKind.PM2, ENV, inherited=True), False),
        (charge(OwnerKind.PM2, ENV), True),
        (charge(OwnerKind.UNKNOWN, ENV), False),
        (charge(OwnerKind.UNKNOWN, LINE), True),
        (charge(OwnerKind.BOTCTL, ENV, inherited=True), True),
        (charge(OwnerKind.UNKNOWN, FILE, connected=True), True),
        (charge(OwnerKind.UNKNOWN, FILE, connected=True, alone=False), False),
        (charge(OwnerKind.PM2, FILE), False),
        (charge(OwnerKind.PM2, FILE, alone=False), None),
        (charge(OwnerKind.TMUX, FILE), None),
    ],
)
def test_alone(what: Charge, sure: bool | None) -> None:
    accused, spared = judge([what])
    assert ([rival.sure for rival in accused], len(spared)) == (([], 1) if sure is None else ([sure], 0))


def test_beside_a_connected_one_having_the_token_is_only_a_hint() -> None:
    accused, _ = judge([charge(OwnerKind.PM2, ENV), charge(OwnerKind.DOCKER, ENV, connected=True)])
    assert [(rival.owner.kind, rival.sure) for rival in accused] == [(OwnerKind.DOCKER, True), (OwnerKind.PM2, False)]


@pytest.mark.parametrize(
    ("line", "bystander", "wrapper"),
    [
        ("-bash", True, False),
        ("/bin/zsh -i", True, False),
        ("sh bot.sh", False, True),
        ("bash -c python bot.py", False, True),
        ("/usr/bin/vim bot.py", True, False),
        ("python3.11 bot.py", False, False),
        ("node /usr/lib/node_modules/npm/bin/npm-cli.js start", False, True),
        ("npm start", False, True),
        ("/root/venv/bin/python /root/venv/bin/botctl logs -f", True, False),
        ("python -m supervisor up", True, False),
        ("python -m supervisor_bot", False, False),
        ("PM2|v5.4.2:|God|Daemon|(/root/.pm2)", True, False),
        ("node /srv/app/vim.js", True, False),
        ("/srv/bot/vimbot", False, False),
    ],
)
def test_programs(line: str, bystander: bool, wrapper: bool) -> None:
    argv = tuple(word.replace("|", " ") for word in line.split())
    process = Process(7, 1, 0, 1.0, "x", argv)
    assert (is_bystander(process), is_wrapper(process)) == (bystander, wrapper)
