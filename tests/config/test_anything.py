"""Whatever stands in bots.yaml: a Fleet, or a ConfigError whose problems have places. Never anything else."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.config import schema
from supervisor.config.load import load
from supervisor.errors import ConfigError
from supervisor.model.bots import Fleet
from tests.config.yard import ENVIRON, SHOP_TOKEN, a_bot, patient

GOOD = (
    "telegram: {api_url: simulator}\nx-a: &a {stop: {grace: 40s, signal: INT}}\n"
    "defaults:\n  <<: *a\n  restart: always\n"
    + a_bot(
        "cwd: .\nenv: {A: yes, B: '${X:-a$$b}', C: 1e3}\nenv_file: [own.env]\nlogs: {max_size: 10MB, keep: 5}\n"
        "conflict: {wait: 30s, on_hold: retry}\nproxy: socks5://127.0.0.1:1080\ntoken_env: [A, B]"
    )
    + "  shop: {token: $SHOP_TOKEN, mode: web, command: [python3], port: 8001, web: {health: /h}}\n"
)


def check(text: str | bytes, dotenv: str = "") -> Fleet | ConfigError:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "bots.yaml").write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        (root / ".env").write_text(dotenv, encoding="utf-8")
        (root / "own.env").write_text("A=1\n", encoding="utf-8")
        result = load_or_error(root / "bots.yaml")
        if isinstance(result, ConfigError):
            assert result.problems
            assert all(problem.message and str(problem).isprintable() for problem in result.problems)
            assert "FakeFake" not in str(result)
        else:
            assert all(spec.run.cwd.is_absolute() for spec in result)
            assert all(isinstance(value, str) for spec in result for value in spec.run.env.values())
        return result


def load_or_error(path: Path) -> Fleet | ConfigError:
    try:
        return load(path, ENVIRON)
    except ConfigError as error:
        return error


def test_the_good_file_is_good() -> None:
    assert isinstance(check(GOOD), Fleet)


@patient
@given(st.text())
def test_any_text(text: str) -> None:
    check(text)


@patient
@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    check(data)


@patient
@given(st.text(), st.text(max_size=5))
def test_any_dotenv(dotenv: str, value: str) -> None:
    check(GOOD, dotenv)
    check(GOOD, f"X={value}")


MARKS = [
    "",
    "\n",
    "  ",
    "\t",
    ":",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "'",
    '"',
    "|",
    "#",
    ",",
    "\\",
    "%",
    "@",
    "~",
    "? ",
]
ODD = ["&a ", "*a", "<<: *a\n", "!!x ", "${", "$", "---\n", "0", "-1", "é", "../" * 99]
UNPRINTABLE = ["\0", "\ud800", "\u2028", "\x85", "\ufeff"]
pieces = st.sampled_from(MARKS + ODD + UNPRINTABLE)


@settings(patient, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), pieces), min_size=1, max_size=4))
def test_a_good_file_with_mistakes(mistakes: list[tuple[int, int, str]]) -> None:
    text = GOOD
    for start, length, piece in mistakes:
        text = text[:start] + piece + text[start + length :]
    check(text)


def keys_of(shape: Any) -> list[str]:
    return list(shape.model_fields)


LIKELY = ["web", "worker", "30s", "-1s", "10MB", "simulator", "python3", "always", "SIGTERM", "/", SHOP_TOKEN]
UNLIKELY = ["${X}", "$", "http://[", "a" * 300, "x/" * 3000, "9" * 5000, "\0", "\ud800", "ａ", "1_0", "٣"]
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
scalars = plain | st.sampled_from(LIKELY + UNLIKELY)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
inner_keys = st.sampled_from(
    [
        key
        for shape in (schema.Stop, schema.Restart, schema.Conflict, schema.Web, schema.Logs)
        for key in keys_of(shape)
    ]
)
sections = st.dictionaries(inner_keys | st.text(max_size=5), values, max_size=4)
bot = st.dictionaries(st.sampled_from(keys_of(schema.Bot)) | st.text(max_size=5), sections | values, max_size=8)
fleets = st.fixed_dictionaries(
    {"bots": st.dictionaries(st.sampled_from(["news", "News", "shop", "env"]) | st.text(max_size=5), bot | values)},
    optional={"defaults": bot | values, "telegram": sections | values, "x-y": values},
)


@settings(patient, max_examples=300)
@given(fleets)
def test_any_structure(data: dict[str, Any]) -> None:
    text = yaml.safe_dump(data, allow_unicode=True)
    check(text.encode("utf-8", "replace"))


@settings(patient, max_examples=200)
@given(st.sampled_from(keys_of(schema.Bot)), values | sections)
def test_any_value_of_any_key_of_a_good_bot(key: str, value: Any) -> None:
    data = yaml.safe_load(a_bot())
    data["bots"]["news"][key] = value
    check(yaml.safe_dump(data).encode("utf-8", "replace"))
