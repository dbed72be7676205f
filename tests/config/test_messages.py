"""What is said about each mistake, to the letter; always with the place, and with what to do."""
# ruff: noqa: E501 (tables of messages)

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.config.load import load
from supervisor.errors import ConfigError
from tests.config.yard import NEWS_TOKEN, SHOP_TOKEN, Yard, a_bot

SHELL = 'give it to one: ["sh", "-c", "..."], or put quotes around it'
DURATION = "is not a duration: write 30s, 2m, 1h30m or 500ms (a plain number is seconds)"
PROXY = "does not begin with http://, https://, socks5:// or socks5h://, as in socks5://127.0.0.1:1080"

# A line for one bot (it is line 6) and what is said about it, from the column on.
KEYS = [
    ("cwd: [a]", "5: bots.news.cwd: is a list, expected text"),
    ("cwd: {a: b}", "5: bots.news.cwd: is a mapping, expected text"),
    ("cwd: 'a\\0'", '5: bots.news.cwd: there is no folder a\\0 (looked for a\\0)'),
    ('cwd: "a\\0"', "5: bots.news.cwd: holds a NUL character"),
    ("cwd: gone", "5: bots.news.cwd: there is no folder gone (looked for gone)"),
    ("cwd: bots.yaml", "5: bots.news.cwd: bots.yaml is a file, expected a folder"),
    ("cwd: ~/bots", "5: bots.news.cwd: there is no folder ~/bots: ~ means nothing here, write ${HOME}/bots"),
    ("enabled: maybe", '5: bots.news.enabled: "maybe" is not true or false'),
    ("comand: x", "5: bots.news.comand: is not a key that is known here (did you mean command?)"),
    ("environment: {}", "5: bots.news.environment: is called env here"),
    ("shell: true", '5: bots.news.shell: no shell is offered: where one is needed, write command: ["sh", "-c", "..."]'),
    ("instances: 2", "5: bots.news.instances: is not a key: one token has one runner, two would answer each other with 409"),
    ("stop: {signal: TRM}", '12: bots.news.stop.signal: "TRM" is not the name of a signal, such as SIGTERM or SIGINT (did you mean SIGTERM?)'),
    ("stop: {signal: SIGSTOP}", '12: bots.news.stop.signal: "SIGSTOP" does not end a program: use SIGTERM, SIGINT, SIGQUIT or SIGHUP'),
    ("stop: {grace: soon}", f'12: bots.news.stop.grace: "soon" {DURATION}'),
    ("stop: {grace: -3s}", f'12: bots.news.stop.grace: "-3s" {DURATION}'),
    ("stop: {grace: .nan}", f'12: bots.news.stop.grace: ".nan" {DURATION}'),
    ("stop: {grase: 1s}", "12: bots.news.stop.grase: is not a key that is known here (did you mean grace?)"),
    ("stop: 10s", '5: bots.news.stop: is text "10s", expected a mapping'),
    ("conflict: {attempts: 0}", "16: bots.news.conflict.attempts: 0 is out of range: from 1 to 1000"),
    ("conflict: {on_hold: rety}", '16: bots.news.conflict.on_hold: "rety" is not retry or wait (did you mean retry?)'),
    ("conflict: {window: 0s}", '16: bots.news.conflict.window: "0s" is too short: at least 1s'),
    ("restart: sometimes", '5: bots.news.restart.policy: "sometimes" is not always, on-failure or never'),
    ("restart: {policy: alway}", '15: bots.news.restart.policy: "alway" is not always, on-failure or never (did you mean always?)'),
    ("restart: {delay: 2m}", "15: bots.news.restart.delay: is longer than max_delay (1m): raise restart.max_delay too"),
    ("logs: {max_size: big}", '12: bots.news.logs.max_size: "big" is not a size: write 10MB, 512KiB or 1g (a plain number is bytes)'),
    ("logs: {max_size: 1}", '12: bots.news.logs.max_size: "1" is too small: at least 1kB'),
    ("web: {health: health}", '11: bots.news.web.health: "health" is not a path: it begins with / and has no spaces, as in /health'),
    ("port: 8001", "5: bots.news.port: is for web bots, this one is a worker: remove it, or write mode: web"),
    ("port: 70000", "5: bots.news.port: 70000 is out of range: from 1 to 65535"),
    ("port: http", '5: bots.news.port: "http" is not a whole number'),
    ("user: nobody-of-that-name", "5: bots.news.user: there is no user nobody-of-that-name on this machine"),
    ("proxy: 127.0.0.1:1080", f"5: bots.news.proxy: {PROXY}"),
    ("proxy: socks4://u:secret@h:1", f"5: bots.news.proxy: {PROXY}"),
    ("proxy: socks5://u:secret@h:port", "5: bots.news.proxy: is not an address such as socks5://127.0.0.1:1080"),
    ("api_url: simulatr", "5: bots.news.api_url: is no address (https://...) and not the word simulator (did you mean simulator?)"),
    ("api_url: https://x/bot", "5: bots.news.api_url: ends with /bot: leave that out, the calls add it themselves"),
    ("api_url: https://", "5: bots.news.api_url: is not an address such as https://api.telegram.org"),
    ("env: [A=1]", "5: bots.news.env: is a list, expected a mapping: write `NAME: value` instead of `- NAME=value`"),
    ("env: {A: [1]}", "11: bots.news.env.A: is a list, expected text"),
    ("env: {A: }", '11: bots.news.env.A: has no value, and nothing is taken from the shell by itself: write ${NAME} to take it from there, or ""'),
    ("env: {1A: x}", '11: bots.news.env.1A: "1A" cannot name a variable: letters, digits and _ only, no digit first'),
    ("token_env: [A B]", '5: bots.news.token_env: "A B" cannot name a variable: letters, digits and _ only, no digit first'),
    ("venv: gone", "5: bots.news.venv: there is no virtual environment gone (make it anew: python3 -m venv gone; or leave the key out)"),
    ("setup: pip install x && pip install y", f"5: bots.news.setup: holds &&, and no shell will read it: {SHELL}"),
    ("setup: []", "5: bots.news.setup: is empty: write for example `python bot.py`"),
    ("token_file: x", "5: bots.news.token_file: stands beside token: keep one of the two"),
]  # fmt: skip

COMMANDS = [
    ("'python3 bot.py > log'", f"holds >, and no shell will read it: {SHELL}"),
    ("cd x && python3 bot.py", f"holds &&, and no shell will read it: use `cwd:` for the folder, or {SHELL}"),
    (". v/bin/activate && x", f"holds &&, and no shell will read it: use `venv:` for the virtual environment, or {SHELL}"),
    ("python3 bot.py &", f"holds &, and no shell will read it: leave the & out (the supervisor waits for the bot), or {SHELL}"),
    ("python3 $$(cat x)", f"holds $(, and no shell will read it: {SHELL}"),
    ("a | b", f"holds |, and no shell will read it: {SHELL}"),
    ("TOKEN=1 python3 bot.py", "begins with TOKEN=..., which only a shell understands: write it as `env: {TOKEN: ...}`"),
    ("python3 it's", "has a quote that is never closed"),
    ("'\"\"'", "is empty: write for example `python bot.py`"),
    ("[python3, [x]]", "is a list, expected a word (inside a list of words)"),
    ("[python3, ~]", "is empty, expected a word (inside a list of words)"),
    ("{run: x}", "is a mapping, expected text or a list of words"),
    ("no-such-program", "there is no program no-such-program on the PATH: install it, or write where it is"),
    ("./gone.py", "there is no program ./gone.py (looked for gone.py)"),
    ("./bots.yaml x", "./bots.yaml may not be executed: chmod +x ./bots.yaml"),
    ("bots.yaml", "there is no program bots.yaml on the PATH, only a file here: write ./bots.yaml"),
    ("../", "../ is not a program but a folder"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "said"), KEYS)
def test_one_wrong_key(yard: Yard, line: str, said: str) -> None:
    assert yard.problems(a_bot(line)) == [f"bots.yaml:6:{said}"]


@pytest.mark.parametrize(("command", "said"), COMMANDS)
def test_one_wrong_command(yard: Yard, command: str, said: str) -> None:
    assert yard.problems(a_bot(command=command)) == [f"bots.yaml:5:5: bots.news.command: {said}"]


@pytest.mark.parametrize(
    "command",
    [
        "python3 -c 'a && b'",
        'python3 -c "a | b; `c` > d"',
        r"python3 a\;b",
        '[python3, "&&", "a=1"]',
        "python3 --x=1",
    ],
)
def test_quoted_operators_are_words(yard: Yard, command: str) -> None:
    assert yard.problems(a_bot(command=command)) == []


def test_the_example_of_the_manual(yard: Yard) -> None:
    assert yard.problems(a_bot(mode="wroker")) == [
        'bots.yaml:4:5: bots.news.mode: "wroker" is not web or worker (did you mean worker?)'
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: '3'\nbots: {}", "1:1: version: is not a key here and not needed: remove the line"),
        ("services: {}\nbots: {}", "1:1: services: is called bots here"),
        ("bots: {}\ntelegrm: {}", "2:1: telegrm: is not a key that is known here (did you mean telegram?)"),
        ("telegram: {}", "1:1: bots: is missing: it lists the bots by name (`bots: {}` when there are none)"),
        ("bots:", "1:1: bots: is missing: it lists the bots by name (`bots: {}` when there are none)"),
        ("bots: [a]", "1:1: bots: is a list, expected a mapping"),
        ("bots: {a: }", "1:8: bots.a: is empty, expected a mapping"),
        ("bots: {a: x}", '1:8: bots.a: is text "x", expected a mapping'),
        ("bots: {}\ndefaults: [a]", "2:1: defaults: is a list, expected a mapping"),
        ("bots: {}\ndefaults: {token: x}", "2:12: defaults.token: belongs to one bot, no two may share it: write it under the bot"),
        ("bots: {}\ndefaults: {mode: x}", '2:12: defaults.mode: "x" is not web or worker'),
        ("bots: {}\ntelegram: {api_url: ftp://x}", "2:12: telegram.api_url: does not begin with https:// or http://, as in https://api.telegram.org"),
    ],
)  # fmt: skip
def test_one_wrong_part(yard: Yard, text: str, said: str) -> None:
    assert yard.problems(text) == [f"bots.yaml:{said}"]


def test_everything_a_bot_lacks(yard: Yard) -> None:
    assert yard.problems("bots:\n  my-bot: {}\n  2nd bot:\n    mode:\n    token: ''") == [
        "bots.yaml:2:3: bots.my-bot.token: is missing: put MY_BOT_TOKEN=... into .env and write token: ${MY_BOT_TOKEN} here",
        "bots.yaml:2:3: bots.my-bot.mode: is missing: write mode: worker (it polls for updates) or mode: web (it opens $PORT)",
        "bots.yaml:2:3: bots.my-bot.command: is missing: write for example command: python bot.py",
        'bots.yaml:3:3: bots.2nd bot: "2nd bot" cannot name a bot: use letters, digits, - and _, at most 63, beginning with a letter or digit',
        "bots.yaml:3:3: bots.2nd bot.command: is missing: write for example command: python bot.py",
        "bots.yaml:4:5: bots.2nd bot.mode: is missing: write mode: worker (it polls for updates) or mode: web (it opens $PORT)",
        "bots.yaml:5:5: bots.2nd bot.token: is empty: copy the token that @BotFather gave you",
    ]  # fmt: skip


def test_all_problems_at_once_each_said_once(yard: Yard) -> None:
    text = (
        "defaults:\n  stop: {grace: soon}\n  cwd: gone\nbots:\n"
        "  a: {token: $NO, mode: worker, command: x y z}\n  b: {token: '', mode: w, command: [], stop: {signal: X}}\n"
    )
    fields = [problem.split(": ")[1] for problem in yard.problems(text)]
    assert fields == ["defaults.stop.grace", "defaults.cwd", "bots.a.token", *(f"bots.b.{k}" for k in KEYS_OF_B)]


KEYS_OF_B = ("token", "mode", "command", "stop.signal")


def test_problems_are_shown_under_the_name_that_was_given(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.write("sub/bots.yaml", "bots: 1")
    yard.write("sub/.env", "x")
    monkeypatch.chdir(yard.root)
    with pytest.raises(ConfigError) as caught:
        load(Path("sub/bots.yaml"), {})
    assert str(caught.value).splitlines() == [
        "sub/.env:1:1: x has no value: write x=value (or x= for an empty one)",
        'sub/bots.yaml:1:1: bots: is text "1", expected a mapping',
    ]


@pytest.mark.parametrize(
    "text",
    [
        a_bot(mode=NEWS_TOKEN),
        a_bot(command=f"{NEWS_TOKEN} && x"),
        a_bot(command=NEWS_TOKEN),
        a_bot(f"cwd: {NEWS_TOKEN}"),
        a_bot(f"{NEWS_TOKEN}: 1"),
        a_bot(f"env: {{'{NEWS_TOKEN}': 1}}"),
        a_bot(token=f"[{NEWS_TOKEN}]"),
        a_bot(token=f"x{NEWS_TOKEN}x"),
        a_bot(token=f"'{NEWS_TOKEN} '"),
        a_bot(token=NEWS_TOKEN.partition(":")[2]),
        a_bot(mode=NEWS_TOKEN.partition(":")[2]),
        a_bot(f"{NEWS_TOKEN.partition(':')[2]}: 1"),
        a_bot(f"cwd: ./{NEWS_TOKEN.partition(':')[2]}"),
        a_bot(command=f"./{NEWS_TOKEN.partition(':')[2]}"),
        f"bots: {{{NEWS_TOKEN.partition(':')[2]}: 1}}",
        f"bots: *{NEWS_TOKEN.partition(':')[2]}",
        a_bot(token="${X:?" + NEWS_TOKEN + "}"),
        a_bot(proxy=f"'http://{NEWS_TOKEN}'", port="x"),
        f"bots: {{'{NEWS_TOKEN}': {{}}}}",
        f"{NEWS_TOKEN}",
        f"bots: *{NEWS_TOKEN}",
        f"bots: {{a: {{token: {NEWS_TOKEN}}}, b: {{token: {NEWS_TOKEN}x}}}}",
    ],
)
def test_no_message_holds_a_token(yard: Yard, text: str) -> None:
    said = "\n".join(yard.problems(text))
    assert said
    assert "FakeFake" not in said


def test_nor_does_a_warning_or_the_fleet(yard: Yard) -> None:
    fleet = yard.load(a_bot(f"env: {{A: {SHOP_TOKEN}, BOT_TOKEN: {SHOP_TOKEN}}}", token=NEWS_TOKEN))
    assert "FakeFake" not in f"{fleet} {[str(warning) for warning in fleet.warnings]}"
    assert len(fleet.warnings) == 4
