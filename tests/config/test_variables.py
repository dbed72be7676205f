"""`${VAR}` in one text, and in the values of a file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.config.variables import expand
from tests.config.yard import NEWS_TOKEN, SHOP_TOKEN, Yard, a_bot, patient

KNOWN = {"A": "one", "EMPTY": "", "TRICK": "${A} $A $$"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${A}", "one"),
        ("$A", "one"),
        ("x${A}y$A.", "xoneyone."),
        ("${NO:-two}", "two"),
        ("${NO-two}", "two"),
        ("${EMPTY:-two}", "two"),
        ("${EMPTY-two}", ""),
        ("${EMPTY?why}", ""),
        ("${NO:-${EMPTY:-${A}}}", "one"),
        ("${NO:-a}b}", "ab}"),
        ("${A:+set}", "set"),
        ("${EMPTY:+set}", ""),
        ("${EMPTY+set}", "set"),
        ("${NO+set}", ""),
        ("$$A", "$A"),
        ("$${A}", "${A}"),
        ("$$$A", "$one"),
        ("${TRICK}", "${A} $A $$"),
        ("${A:-${NO}}", "one"),
        ("${NO:-}", ""),
    ],
)
def test_filled_in(text: str, filled: str) -> None:
    result = expand(text, KNOWN.get)
    assert (result.text, result.complaints) == (filled, [])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("${NO}", "the variable NO is not set"),
        ("$NO", "the variable NO is not set"),
        ("${NO:?ask Ann}", "the variable NO is not set: ask Ann"),
        ("${EMPTY:?ask Ann}", "the variable EMPTY is empty: ask Ann"),
        ("${NO?}", "the variable NO is not set"),
        ("${A", "a `${` is never closed"),
        ("${A:-${B}", "a `${` is never closed"),
        ("cost: 5$", "a single `$` that begins no variable: write $$ for a dollar sign"),
        ("$(date)", "a single `$` that begins no variable: write $$ for a dollar sign"),
        ("${A B}", '"${A B}" is not a variable; $$ stands for a dollar sign'),
        ("${}", '"${}" is not a variable; $$ stands for a dollar sign'),
        ("${NO:-" * 20 + "x" + "}" * 20, "variables are nested too deep"),
    ],
)
def test_complaints(text: str, complaint: str) -> None:
    assert expand(text, KNOWN.get).complaints == [complaint]


@patient
@given(st.text())
def test_doubled_dollars_keep_any_text(text: str) -> None:
    result = expand(text.replace("$", "$$"), KNOWN.get)
    assert (result.text, result.complaints, result.used) == (text, [], False)


def test_every_missing_variable_of_a_value_is_named(yard: Yard) -> None:
    assert yard.problems(a_bot("env: {X: '${ONE} ${TWO} ${ONE}'}")) == [
        "bots.yaml:6:11: bots.news.env.X: the variable ONE is not set: put ONE=... into .env beside bots.yaml",
        "bots.yaml:6:11: bots.news.env.X: the variable TWO is not set: put TWO=... into .env beside bots.yaml",
    ]


def test_a_near_name_of_dotenv_is_offered(yard: Yard) -> None:
    yard.write(".env", f"NEWS_TOKN={NEWS_TOKEN}\n")
    yard.environ = {"PATH": yard.environ["PATH"]}
    unset = "the variable NEWS_TOKEN is not set: put NEWS_TOKEN=... into .env beside bots.yaml"
    assert yard.problems(a_bot()) == [f"bots.yaml:3:5: bots.news.token: {unset} (did you mean NEWS_TOKN?)"]


def test_the_environment_wins_over_dotenv(yard: Yard) -> None:
    yard.write(".env", f"NEWS_TOKEN={SHOP_TOKEN}\nGREETING=hello\n")
    spec = yard.bot("env: {HI: $GREETING}")
    assert spec.run.token.reveal() == NEWS_TOKEN
    assert spec.run.env == {"HI": "hello"}


def test_a_value_brings_no_structure_and_is_typed_afterwards(yard: Yard) -> None:
    yard.environ = {**yard.environ, "X": "a, b: {c: 1}\n  d: 2", "PORT": "8001", "OFF": "no", "NONE": ""}
    keys = "env: {X: $X}\nport: ${PORT}\nenabled: '${OFF}'\nproxy: ${NONE}\nweb: {interval: $PORT}"
    spec = yard.bot(keys, mode="web")
    assert spec.run.env == {"X": "a, b: {c: 1}\n  d: 2"}
    assert (spec.run.port, spec.enabled, spec.run.proxy, spec.policy.web.interval) == (8001, False, None, 8001.0)


def test_keys_are_left_alone(yard: Yard) -> None:
    message = '"${A}" cannot name a variable: letters, digits and _ only, no digit first'
    assert yard.problems(a_bot("env: {'${A}': 1}")) == [f"bots.yaml:6:11: bots.news.env.${{A}}: {message}"]
