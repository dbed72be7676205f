"""One bot: its token, its folders and programs, the halves of its spec."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from supervisor.config.tokens import wrong_with
from supervisor.model.bots import (
    ConflictPolicy,
    LogPolicy,
    OnHold,
    Policy,
    RestartPolicy,
    RestartWhen,
    StopPolicy,
    WebPolicy,
)
from tests.config.yard import NEWS_TOKEN, SHOP_TOKEN, Yard, a_bot

BOTFATHER = "copy the token that @BotFather gave you"


@pytest.mark.parametrize(
    ("token", "wrong"),
    [
        (NEWS_TOKEN, None),
        ("123456:" + "A" * 17 + "_-" + "9" * 16, None),
        ("", f"is empty: {BOTFATHER}"),
        ("YOUR_TOKEN_HERE", f"looks like a placeholder: {BOTFATHER}"),
        ("<token>", f"looks like a placeholder: {BOTFATHER}"),
        ("123456789:YOUR-BOT-TOKEN-aaaaaaaaaaaaaaaaaaaaaa", f"looks like a placeholder: {BOTFATHER}"),
        ("123456789:" + "x" * 35, f"looks like a placeholder: {BOTFATHER}"),
        ("123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11", f"looks like a placeholder: {BOTFATHER}"),
        (f"'{NEWS_TOKEN}'", "has quotes around it: remove them"),
        (f"{NEWS_TOKEN}\n", "has spaces or line breaks in it: it is one word"),
        (f"bot{NEWS_TOKEN}", 'begins with "bot", which belongs to the address: the token begins with the digits'),
        (
            f"https://api.telegram.org/bot{NEWS_TOKEN}/getMe",
            "is an address: only the part between /bot and the next / is the token",
        ),
        ("123456789", "is only the bot id: the secret half after the colon is missing"),
        (
            "AAFakeFakeFakeFakeFakeFakeFakeFakeF",
            "is only the secret half: the bot id (digits) and the colon before it are missing",
        ),
        ("123456789:AAFake", "has 6 characters after the colon, where 35 are usual: a part is missing"),
        ("123456789:" + "Ab" * 40, "has 80 characters after the colon, where 35 are usual: that is too many"),
        (
            "123456789:AAFakeFakeFakeFakeFakeFakeFakeFake.",
            f"holds a character that no token has (only letters, digits, _ and -): {BOTFATHER}",
        ),
        ("hello:world", f"is not a token (bot id of 6 to 12 digits, a colon, 35 characters): {BOTFATHER}"),
        (
            "012345678:AAFakeFakeFakeFakeFakeFakeFakeFakeF",
            f"is not a token (bot id of 6 to 12 digits, a colon, 35 characters): {BOTFATHER}",
        ),
    ],
)
def test_tokens(token: str, wrong: str | None) -> None:
    assert wrong_with(token) == wrong


def with_token_file(name: str = "news.token") -> str:
    return a_bot().replace("token: ${NEWS_TOKEN}", f"token_file: {name}")


def test_a_token_file(yard: Yard) -> None:
    path = yard.write("news.token", f"{NEWS_TOKEN}\n")
    fleet = yard.load(with_token_file())
    assert fleet.bots["news"].run.token.reveal() == NEWS_TOKEN
    assert fleet.files == (yard.root / "bots.yaml", yard.root / ".env", path)
    assert fleet.warnings == ()


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        ("", "t is empty: it should hold the token"),
        ("BOT=1", f"what t holds is not a token (bot id of 6 to 12 digits, a colon, 35 characters): {BOTFATHER}"),
        (b"\xff", "t is not UTF-8 (line 1): save it as UTF-8"),
        (None, "there is no file t (looked for t)"),
    ],
)
def test_a_bad_token_file(yard: Yard, contents: str | bytes | None, said: str) -> None:
    if contents is not None:
        yard.write("t", contents)
    assert yard.problems(with_token_file("t")) == [f"bots.yaml:3:5: bots.news.token_file: {said}"]


def test_a_pipe_in_place_of_a_file_does_not_block(yard: Yard) -> None:
    os.mkfifo(yard.root / "t")
    assert yard.problems(with_token_file("t")) == ["bots.yaml:3:5: bots.news.token_file: t is not an ordinary file"]


def test_files_that_others_can_read(yard: Yard) -> None:
    yard.write(".env", "A=1\n", 0o640)
    yard.write("bots.yaml", a_bot("env_file: own.env", token=NEWS_TOKEN), 0o644)
    yard.write("own.env", f"OTHER={SHOP_TOKEN}\n", 0o604)
    remedy = "put NEWS_TOKEN=... into .env and write token: ${NEWS_TOKEN} here"
    assert [str(w).replace(f"{yard.root}/", "") for w in yard.load().warnings] == [
        ".env: others on this machine can read it (mode 0640): chmod 600 .env",
        "bots.yaml: others on this machine can read it (mode 0644): chmod 600 bots.yaml",
        f"bots.yaml:3:5: bots.news.token: is written out: {remedy}, so that this file holds no secret",
        "own.env: others on this machine can read it (mode 0604): chmod 600 own.env",
    ]


def test_the_two_halves(yard: Yard) -> None:
    spec = yard.bot(
        "stop: {signal: int, grace: 5}\nrestart: {policy: never, delay: 2s, max_delay: 3s, reset_after: 4s}\n"
        "conflict: {wait: 1s, attempts: 2, window: 3s, probe: 4s, drop_pending_updates: yes, on_hold: wait,\n"
        "  retry_every: 5s}\n"
        "web: {health: /ok, start_timeout: 1s, interval: 2s, timeout: 3s, failures: 4}\n"
        "logs: {max_size: 1MB, keep: 0}\npreflight: false\nuser: 0\nproxy: socks5h://u:p@h:1/\napi_url: http://h:1/",
        mode="web",
    )
    assert spec.policy == Policy(
        stop=StopPolicy(signal.SIGINT, 5.0),
        restart=RestartPolicy(RestartWhen.NEVER, 2.0, 3.0, 4.0),
        conflict=ConflictPolicy(1.0, 2, 3.0, 4.0, True, OnHold.WAIT, 5.0),
        web=WebPolicy("/ok", 1.0, 2.0, 3.0, 4),
        logs=LogPolicy(1_000_000, 0),
        preflight=False,
    )
    assert (spec.run.user, spec.run.proxy, spec.run.api_url) == ("0", "socks5h://u:p@h:1", "http://h:1")
    assert (spec.line, spec.run.cwd, spec.run.command) == (2, yard.root, ("python3", "-c", "pass"))


def test_nothing_written_means_the_models_defaults(yard: Yard) -> None:
    spec = yard.bot("stop:\nrestart: {}\ncwd: ''\nvenv:")
    assert spec.policy == Policy()
    assert (spec.enabled, spec.run.venv, spec.run.setup, spec.run.port) == (True, None, None, None)


def test_defaults_lie_under_each_bot(yard: Yard) -> None:
    defaults = (
        "defaults:\n  restart: {policy: never, delay: 2s}\n  env: {A: 1, B: 1}\n  web: {interval: 9s}\n"
        "  proxy: http://p:1\n  command: python3 -c 1\n  stop: {grace: 7s}\n"
    )
    keys = "restart: on-failure\nenv: {B: 2}\nproxy:\nstop:\n"
    text = defaults + a_bot(keys).replace("    command: python3 -c pass\n", "")
    spec = yard.load(text).bots["news"]
    assert spec.policy.restart == RestartPolicy(RestartWhen.ON_FAILURE, delay=2.0)
    assert (spec.policy.web.interval, spec.policy.stop.grace) == (9.0, 7.0)
    assert (spec.run.env, spec.run.proxy) == ({"A": "1", "B": "2"}, None)
    assert spec.run.command == ("python3", "-c", "1")


def test_telegram_api_url_and_simulator(yard: Yard) -> None:
    telegram = "telegram: {api_url: simulator}\n"
    assert yard.load(telegram + a_bot()).bots["news"].run.api_url == "simulator"
    fleet = yard.load(telegram + a_bot("api_url: https://tg.example.org"))
    assert (fleet.api_url, fleet.bots["news"].run.api_url) == ("simulator", "https://tg.example.org")


def a_venv(root: Path, python: str | None) -> None:
    (root / "bin").mkdir(parents=True)
    (root / "pyvenv.cfg").touch()
    if python:
        (root / "bin" / "python").symlink_to(python)


@pytest.mark.parametrize("place", [".venv", "venv", "code/.venv"])
def test_a_venv_beside_the_code_is_found(yard: Yard, place: str) -> None:
    yard.write("code/bot.py", "")
    a_venv(yard.root / place, "/bin/sh")
    assert yard.bot(command="python3 code/bot.py").run.venv == yard.root / place


def test_programs_of_the_venv_are_found(yard: Yard) -> None:
    a_venv(yard.root / ".venv", "/bin/sh")
    yard.write(".venv/bin/my-program", "", 0o700)
    assert yard.bot(command="my-program").run.command == ("my-program",)


def test_a_venv_that_is_named(yard: Yard) -> None:
    a_venv(yard.root / ".venv", "/bin/sh")
    a_venv(yard.root / "env", "/bin/sh")
    assert yard.bot("venv: env").run.venv == yard.root / "env"


def test_venvs_whose_interpreter_vanished(yard: Yard) -> None:
    a_venv(yard.root / "env", "/gone/python3.9")
    a_venv(yard.root / ".venv", None)
    (yard.root / "empty").mkdir()
    remedy = "make it anew: python3 -m venv"
    where = "bots.yaml:6:5: bots.news.venv:"
    assert yard.problems(a_bot("venv: env")) == [
        f"{where} env is a venv whose interpreter vanished (bin/python leads to /gone/python3.9): {remedy} env"
    ]
    assert yard.problems(a_bot("venv: empty")) == [
        f"{where} empty is no virtual environment (it has no bin/python): {remedy} empty"
    ]
    vanished = "is a venv whose interpreter vanished (it has no bin/python)"
    assert yard.problems(a_bot()) == [f"bots.yaml:2:3: bots.news.venv: .venv {vanished}: {remedy} .venv"]


@pytest.mark.parametrize("key", ["cwd", "venv", "command", "token_file", "env_file"])
def test_names_that_no_file_can_have(yard: Yard, key: str) -> None:
    name = "x/" * 3000 + "y"
    text = with_token_file(name) if key == "token_file" else a_bot(**{key: name})
    assert [problem.split(": ")[1] for problem in yard.problems(text)] == [f"bots.news.{key}"]


def test_setup_may_bring_the_program(yard: Yard) -> None:
    assert yard.problems(a_bot("setup: pip install my-bot", command="my-bot --run")) == []
    assert yard.problems(a_bot("setup: npm ci", command="./node_modules/.bin/tsx bot.ts")) == []


def test_the_path_of_the_bot_counts(yard: Yard) -> None:
    yard.write("tools/my-program", "", 0o700)
    assert yard.problems(a_bot(f"env: {{PATH: {yard.root}/tools}}", command="my-program")) == []
    assert len(yard.problems(a_bot(command="my-program"))) == 1


def test_a_missing_script_is_only_doubtful(yard: Yard) -> None:
    said = "bots.yaml:5:5: bots.news.command: there is no file bot.py (looked for bot.py)"
    assert yard.warnings(a_bot(command="python3 bot.py")) == [said]
    yard.write("bot.py", "")
    assert yard.warnings(a_bot(command="python3 bot.py")) == []


def test_what_a_disabled_bot_misses_here_is_only_doubtful(yard: Yard) -> None:
    text = a_bot("enabled: false\ncwd: gone\nvenv: lost", command="no-such-program")
    spec = yard.load(text).bots["news"]
    assert (spec.enabled, spec.run.cwd) == (False, yard.root / "gone")
    assert [warning.split(": ")[1] for warning in yard.warnings(text)] == [
        "bots.news.command",
        "bots.news.cwd",
        "bots.news.venv",
    ]


def test_web_keys_on_a_worker(yard: Yard) -> None:
    remedy = "is for web bots, this one is a worker: remove it, or write mode: web"
    assert yard.warnings(a_bot("web: {interval: 1s}")) == [f"bots.yaml:6:5: bots.news.web: {remedy}"]
    assert yard.warnings("defaults: {web: {interval: 1s}, port: 80}\n" + a_bot()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_users_by_name_and_number(yard: Yard) -> None:
    assert yard.bot("user: root").run.user == "root"
    assert yard.warnings(a_bot("user: 0")) == []
    assert len(yard.problems(a_bot("user: 999999999"))) == 1
