"""The complete environment of a run, variable by variable."""

from __future__ import annotations

import pwd
from dataclasses import replace
from pathlib import Path

import pytest

from supervisor.model.bots import Mode
from supervisor.model.runs import RunId
from supervisor.runners.environment import build, build_for_setup, find_venv, wanted_port
from supervisor.runners.marks import Mark
from tests.contract.stage import TOKEN, spec

MARK = Mark("fleet", "boot", RunId("news", 7))
BASE = {
    "PATH": "/usr/bin",
    "HOME": "/home/me",
    "LANG": "C.UTF-8",
    "LC_TIME": "ru_RU.UTF-8",
    "TZ": "Europe/Moscow",
    "SSL_CERT_FILE": "/etc/certs",
    "HTTPS_PROXY": "http://company:3128",
    "PIP_INDEX_URL": "https://user:password@pypi.example/simple",
    "PIP_USER": "1",
    "NEWS_TOKEN": TOKEN.reveal(),
    "OTHER_BOT_TOKEN": "987654321:AAFakeFakeFakeFakeFakeFakeFakeFakeF",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "BOTCTL_RUN": "outer/boot/bot/1",
}
WORKER = spec("python", "bot.py", env={"ADMIN_ID": "42"})


def test_a_worker_whole() -> None:
    assert build(WORKER, MARK, base=BASE) == {
        "BOTCTL_RUN": "fleet/boot/news/7",
        "BOTCTL_BOT": "news",
        "PATH": "/usr/bin",
        "HOME": "/home/me",
        "LANG": "C.UTF-8",
        "LC_TIME": "ru_RU.UTF-8",
        "TZ": "Europe/Moscow",
        "SSL_CERT_FILE": "/etc/certs",
        "TELEGRAM_API_URL": "https://api.telegram.org",
        "PYTHONUNBUFFERED": "1",
        "ENABLE_HEALTH_SERVER": "0",
        "ADMIN_ID": "42",
        "TELEGRAM_BOT_TOKEN": TOKEN.reveal(),
        "BOT_TOKEN": TOKEN.reveal(),
    }


def test_a_web_bot_has_its_port() -> None:
    environ = build(replace(WORKER, mode=Mode.WEB), MARK, port=8001, base=BASE)
    assert environ["PORT"] == "8001"
    assert environ["ENABLE_HEALTH_SERVER"] == "1"


def test_a_proxy_in_all_spellings_but_not_for_loopback() -> None:
    environ = build(replace(WORKER, proxy="socks5://127.0.0.1:1080"), MARK, base=BASE)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        assert environ[name] == "socks5://127.0.0.1:1080"
    assert environ["NO_PROXY"] == environ["no_proxy"] == "localhost,127.0.0.1,::1"


def test_the_bots_own_variables_win_but_for_what_bots_yaml_says_in_keys_of_its_own() -> None:
    own = {
        "LANG": "de_DE.UTF-8",
        "PYTHONUNBUFFERED": "",
        "TELEGRAM_API_URL": "http://own",
        "HTTPS_PROXY": "",
        "TOKEN": "stale",
        "BOTCTL_RUN": "fake",
        "BOTCTL_BOT": "fake",
    }
    environ = build(replace(WORKER, env=own, token_env=("TOKEN",), proxy="http://p:1"), MARK, base=BASE)
    assert environ["LANG"] == "de_DE.UTF-8"
    assert environ["PYTHONUNBUFFERED"] == ""
    assert environ["TELEGRAM_API_URL"] == WORKER.api_url
    assert environ["HTTPS_PROXY"] == "http://p:1"
    assert environ["TOKEN"] == TOKEN.reveal()
    assert "BOT_TOKEN" not in environ
    assert (environ["BOTCTL_RUN"], environ["BOTCTL_BOT"]) == ("fleet/boot/news/7", "news")


def test_a_venv_comes_first_on_any_path() -> None:
    environ = build(WORKER, MARK, venv=Path("/v"), base=BASE)
    assert (environ["VIRTUAL_ENV"], environ["PATH"]) == ("/v", "/v/bin:/usr/bin")
    environ = build(replace(WORKER, env={"PATH": "/own"}), MARK, venv=Path("/v"), base=BASE)
    assert environ["PATH"] == "/v/bin:/own"


def test_without_a_path_there_is_a_usual_one() -> None:
    assert "/usr/bin" in build(WORKER, MARK, base={})["PATH"].split(":")


def test_another_user_is_at_home() -> None:
    nobody = pwd.getpwnam("nobody")
    environ = build(replace(WORKER, user="nobody"), MARK, base=BASE)
    assert (environ["HOME"], environ["USER"], environ["LOGNAME"]) == (nobody.pw_dir, "nobody", "nobody")


def test_setup_reaches_registries_and_has_no_token() -> None:
    stale = replace(WORKER, env={"BOT_TOKEN": "stale", "ADMIN_ID": "42"}, proxy="socks5://127.0.0.1:1080")
    environ = build_for_setup(stale, MARK, base=BASE)
    assert environ["PIP_INDEX_URL"] == BASE["PIP_INDEX_URL"]
    assert environ["HTTPS_PROXY"] == "http://company:3128"
    assert environ["ADMIN_ID"] == "42"
    assert not {"BOT_TOKEN", "TELEGRAM_BOT_TOKEN", "PIP_USER", "AWS_SECRET_ACCESS_KEY"} & environ.keys()
    assert not any("AAFake" in value for value in environ.values())


@pytest.mark.parametrize(
    ("port", "own", "wanted"),
    [
        (None, "", None),
        (None, "8080", 8080),
        (9000, "8080", 9000),
        (None, "zero", None),
        (None, "99999", None),
    ],
)
def test_which_port_is_wanted(port: int | None, own: str, wanted: int | None) -> None:
    assert wanted_port(spec("x", port=port, env={"PORT": own} if own else {})) == wanted


def test_a_venv_beside_the_code(tmp_path: Path) -> None:
    assert find_venv(tmp_path) is None
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    assert find_venv(tmp_path) is None
    (tmp_path / ".venv" / "bin" / "python").touch()
    assert find_venv(tmp_path) == tmp_path / ".venv"


@pytest.mark.parametrize(
    "text", ["", "a/b/c", "a/b/c/x", "a/b//1", "/b/c/1", "a/b/c/-1", "a/b/c/" + "9" * 40, "a/b/c/²"]
)
def test_what_is_no_mark(text: str) -> None:
    assert Mark.parse(text) is None


def test_a_mark_reads_what_it_wrote() -> None:
    odd = Mark("f", "b", RunId("folder/bot", 12))
    assert Mark.parse(str(odd)) == odd
