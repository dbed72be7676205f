"""`.env` and env_file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.config.dotenv import parse
from tests.config.yard import NEWS_TOKEN, SHOP_TOKEN, Yard, a_bot, patient

UNSET = "C: the variable NO is not set above or in the environment (single quotes keep ${NO} as it stands)"


def nothing(name: str) -> None:
    """No variables from outside."""


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A=1", {"A": "1"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("\ufeffA=1\n", {"A": "1"}),
        ("\n  # note\nA = b c  \n", {"A": "b c"}),
        ("export A=1\n\texport\tB=2", {"A": "1", "B": "2"}),
        ("A=\nB=2", {"A": "", "B": "2"}),
        ("A=a#b # note\nB= # all note", {"A": "a#b", "B": ""}),
        ("A=a=b==", {"A": "a=b=="}),
        ('A="a # b" # note', {"A": "a # b"}),
        (r'A="1\n2\t\"\\ \x"', {"A": '1\n2\t"\\ \\x'}),
        (r"A='1\n ${B} it\'s'", {"A": "1\\n ${B} it's"}),
        ('A="one\ntwo"\nB=2', {"A": "one\ntwo", "B": "2"}),
        ("A='one\n#two'\nB=2", {"A": "one\n#two", "B": "2"}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=1\nB=${A}2${OUT}\nC=\"${A} \\${A}\"\nD='${A}'", {"A": "1", "B": "12out", "C": "1 ${A}", "D": "${A}"}),
        ("A=pa$$w$ord${NO:-!}", {"A": "pa$$w$ord!"}),
        ("a.b-c=1", {"a.b-c": "1"}),
        ("A=it's", {"A": "it's"}),
        ("", {}),
    ],
)
def test_values(text: str, values: dict[str, str]) -> None:
    found = parse(text, {"OUT": "out"}.get, outside_first=False)
    assert (found.values, found.complaints) == (values, [])


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("A=1\nnonsense here\nB=2", 2, "expected NAME=value"),
        ("A=1\nHOME\nB=2", 2, "HOME has no value: write HOME=value (or HOME= for an empty one)"),
        ("A=1\n2B=x\nB=2", 2, "the name before = must be letters, digits and _, and begin with no digit"),
        ("A=1\n=x\nB=2", 2, "the name before = must be letters, digits and _, and begin with no digit"),
        ('A=1\nC="x\nB=2', 2, 'C: the quote " is never closed'),
        ("A=1\nC='x' y\nB=2", 2, "C: there is more text after the closing '"),
        ("A='1\n\n'\nC=${NO}\nB=2", 4, UNSET),
        ("A=1\nC=${N O}\nB=2", 2, 'C: "${N O}" is not a variable; $$ stands for a dollar sign'),
        ("A=1\r\nnonsense\r\nB=2", 2, "nonsense has no value: write nonsense=value (or nonsense= for an empty one)"),
        ("A=1\nC=a\0b\nB=2", 2, "C: holds a NUL character"),
    ],
)  # fmt: skip
def test_bad_lines_are_named_and_the_rest_is_read(text: str, line: int, complaint: str) -> None:
    found = parse(text, nothing, outside_first=True)
    assert found.complaints == [(line, complaint)]
    assert found.values["B"] == "2"


def test_who_wins() -> None:
    outside = {"A": "outside"}
    assert parse("A=1\nB=${A}", outside.get, outside_first=True).values["B"] == "outside"
    assert parse("A=1\nB=${A}", outside.get, outside_first=False).values["B"] == "1"


@patient
@given(st.text())
def test_any_text_is_read_or_complained_about(text: str) -> None:
    found = parse(text, nothing, outside_first=True)
    assert all(1 <= line <= text.count("\n") + text.count("\r") + 1 for line, _ in found.complaints)


@patient
@given(st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]*", fullmatch=True), st.text()))
def test_quoted_values_come_back(values: dict[str, str]) -> None:
    values = {name: value.replace("\r", "").replace("\0", "") for name, value in values.items()}
    escaped = {k: v.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") for k, v in values.items()}
    text = "".join(f'{name}="{value}"\n' for name, value in escaped.items())
    assert parse(text, nothing, outside_first=True).values == values


def test_env_wins_over_env_file_and_later_files_over_earlier(yard: Yard) -> None:
    yard.write("one.env", "A=1\nB=1\nC=1\n")
    yard.write("sub/two.env", "B=2\nC=${B}\n")
    spec = yard.bot("env_file: [one.env, sub/two.env]\nenv: {A: 3}")
    assert spec.run.env == {"A": "3", "B": "2", "C": "2"}


def test_nothing_comes_from_the_shell(yard: Yard) -> None:
    yard.environ = {**yard.environ, "SECRET_OF_THE_SHELL": "x"}
    yard.write(".env", "ALSO_NOT_THIS=1\n")
    assert yard.bot().run.env == {}


def test_problems_of_the_files_themselves(yard: Yard) -> None:
    yard.write(".env", "good=1\nbad line\n")
    yard.write("own.env", "A=1\nB='x\n")
    (yard.root / "folder").mkdir()
    assert yard.problems(a_bot("env_file:\n  - own.env\n  - gone.env\n  - folder")) == [
        ".env:2:1: expected NAME=value",
        "bots.yaml:8:9: bots.news.env_file[1]: there is no file gone.env (looked for gone.env)",
        "bots.yaml:9:9: bots.news.env_file[2]: folder is a folder, expected a file",
        "own.env:2:1: B: the quote ' is never closed",
    ]


def test_token_variables_are_the_supervisors(yard: Yard) -> None:
    yard.write("own.env", f"BOT_TOKEN={SHOP_TOKEN}\nTELEGRAM_BOT_TOKEN={NEWS_TOKEN}\nX=1\n")
    text = a_bot("env_file: own.env\nenv: {PORT: 1, MY: 2}\nport: 8001", mode="web")
    fleet = yard.load(text)
    assert fleet.bots["news"].run.env == {"X": "1", "PORT": "1", "MY": "2"}
    assert yard.warnings(text) == [
        "bots.yaml:7:11: bots.news.env.PORT: is set by the supervisor, from `port`: set that instead",
        "own.env:1:1: BOT_TOKEN: is not used: the supervisor sets it from the token of bots.news: remove it here",
    ]


def test_other_names_for_the_token(yard: Yard) -> None:
    spec = yard.bot("token_env: API_KEY\nenv: {BOT_TOKEN: mine}")
    assert (spec.run.token_env, spec.run.env) == (("API_KEY",), {"BOT_TOKEN": "mine"})
