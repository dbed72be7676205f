"""Paths and bodies, as the real server opens them."""

import pytest

from supervisor.simulator.envelope import Destination, parse_body, parse_json, read_path
from supervisor.simulator.rules.webhook_url import parse_url


@pytest.mark.parametrize(
    ("path", "destination"),
    [
        ("/bot1:a/getMe", Destination("1:a", False, "getMe")),
        ("/bot1:a/test/getMe", Destination("1:a", True, "getMe")),
        ("/bot1%3Aa/getMe", Destination("1:a", False, "getMe")),
        ("/bot1:a/", Destination("1:a", False, "")),
        ("/bot/getMe", Destination("", False, "getMe")),
        ("/bot1:a", None),
        ("/getMe", None),
        ("/", None),
    ],
)
def test_paths(path: str, destination: Destination | None) -> None:
    assert read_path(path) == destination


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ('{"a": "x\\u00e4", "b": 1.50, "c": true}', [("a", "xä"), ("b", "1.50"), ("c", "true")]),
        (
            '{"allowed_updates": ["message", "x"] , "d":{"e": 1}}',
            [("allowed_updates", '["message", "x"]'), ("d", '{"e": 1}')],
        ),
        ('{"a": 1, "b": ', [("a", "1")]),
        ('{"a": 1, "b" 2, "c": 3}', [("a", "1")]),
        ("{}", []),
        ("[1, 2]", []),
        ("", []),
        ("nonsense", []),
        ("{1: 2}", []),
    ],
)
def test_json_bodies_are_taken_as_far_as_they_go(text: str, arguments: list[tuple[str, str]]) -> None:
    assert parse_json(text) == arguments


def test_deeply_nested_json_is_no_crash() -> None:
    assert parse_json('{"a": ' + "[" * 100_000) == []


def test_bodies_by_their_type() -> None:
    assert parse_body("application/x-www-form-urlencoded", b"a=1+2&b=&a=3") == [("a", "1 2"), ("b", ""), ("a", "3")]
    assert parse_body("text/plain", b'{"a": 1}') == []


@pytest.mark.parametrize(
    ("text", "rebuilt"),
    [
        ("hook.test", "https://hook.test:443/"),
        ("HTTP://hook.test/a?b#c", "http://hook.test:80/a?b"),
        ("https://u:p@[::1]:8443/x", "https://[::1]:8443/x"),
        ("https://hook.test?x=1", "https://hook.test:443/?x=1"),
    ],
)
def test_webhook_addresses(text: str, rebuilt: str) -> None:
    url = parse_url(text)
    assert url is not None
    assert url.rebuilt() == rebuilt
