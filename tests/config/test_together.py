"""What two bots must not share."""

from __future__ import annotations

import pytest

from tests.config.yard import NEWS_TOKEN, NEWS_TOKEN_NEW, SHOP_TOKEN, Yard

TWO = """\
defaults: {{command: python3 -c pass, mode: {mode}}}
bots:
  news:
    token: ${{NEWS_TOKEN}}
    port: 8001
  {name}:
    {token}
    {more}
"""

WHY = (
    "two runners of one token answer each other with 409; "
    "give each bot its own, or write enabled: false for one of them"
)
WHICH = "but another secret; one of the two was revoked; keep the one that @BotFather shows, for one bot"
REMEDY = "give each its own, or leave the key out for a free one"


def two(token: str = "token: ${SHOP_TOKEN}", more: str = "", name: str = "shop", mode: str = "web") -> str:
    return TWO.format(token=token, more=more, name=name, mode=mode)


def test_nothing_shared(yard: Yard) -> None:
    fleet = yard.load(two())
    assert [spec.name for spec in fleet] == ["news", "shop"]
    assert [spec.token_id for spec in fleet] == [123456789, 987654321]


def test_the_same_token(yard: Yard) -> None:
    assert yard.problems(two("token: $NEWS_TOKEN")) == [
        f"bots.yaml:7:5: bots.shop.token: is the same token as that of bots.news (line 4): {WHY}"
    ]


def test_the_same_bot_id(yard: Yard) -> None:
    yard.write("t", NEWS_TOKEN_NEW)
    assert yard.problems(two("token_file: t")) == [
        f"bots.yaml:7:5: bots.shop.token_file: has the same bot id 123456789 as that of bots.news (line 4), {WHICH}"
    ]


def test_a_disabled_bot_shares_with_nobody(yard: Yard) -> None:
    assert yard.problems(two("token: $NEWS_TOKEN", "enabled: false\n    port: 8001")) == []


def test_the_same_port(yard: Yard) -> None:
    assert yard.problems(two(more="port: 8001")) == [
        f"bots.yaml:8:5: bots.shop.port: 8001 is the port of bots.news (line 5) too: {REMEDY}"
    ]


def test_names_that_differ_in_case(yard: Yard) -> None:
    assert yard.problems(two(name="News")) == [
        "bots.yaml:6:3: bots.News: differs from bots.news (line 3) in upper and lower case only: choose another name"
    ]


@pytest.mark.parametrize("value", [NEWS_TOKEN, f"https://h/bot{NEWS_TOKEN}/x", "${NEWS_TOKEN}"])
def test_the_token_of_another(yard: Yard, value: str) -> None:
    assert yard.problems(two(more=f"env: {{X: '{value}', Y: {SHOP_TOKEN}}}")) == [
        "bots.yaml:8:11: bots.shop.env.X: holds the token of bots.news, which bots.shop must not see: remove it"
    ]


def test_the_token_of_another_in_a_file(yard: Yard) -> None:
    yard.write("own.env", f"A=1\nX={NEWS_TOKEN}\n")
    assert yard.problems(two(more="env_file: own.env")) == [
        "own.env:2:1: X: holds the token of bots.news, which bots.shop must not see: remove it"
    ]
