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
from tests.config.yard import ENVIRON, SHOP_TOKEN, a_bot

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
        try:
            fleet = load(root / "bots.yaml", ENVIRON)
        except ConfigError as error:
            assert error.problems
            assert all(problem.message and str(problem).isprintable() for problem in error.problems)
            assert "FakeFake" not in str(error)
            return error
        for spec in fleet:
            assert spec.run.cwd.is_absolute()
            assert all(isinstance(v, str) for v in spec.run.env.values())
        return fleet


def test_the_good_file_is_good() -> None:
    assert isinstance(check(GOOD), Fleet)


@given(st.text())
def test_any_text(text: str) -> None:
    check(text)


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    check(data)


@given(st.text(), st.text(max_size=5))
def test_any_dotenv(dotenv: str, value: str) -> None:
    check(GOOD, dotenv)
    check(GOOD, f"X={value}")


pieces = st.sampled_from(
    ["", "\n", "  ", "\t", ":", ": ", "- ", "{", "}", "[", "]", "&a ", "*a", "<<: *a\n", "!!x ", "'", '"', "${", "$", "|", "---\n", "? ", "#", "\x00", "�", "\u2028", "é", "~", ",", "\\", "%", "@", "0", "-1", "\x85", "\ufeff", "../" * 99]
)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), pieces), min_size=1, max_size=4))
def test_a_good_file_with_mistakes(mistakes: list[tuple[int, int, str]]) -> None:
    text = GOOD
    for start, length, piece in mistakes:
        text = text[:start] + piece + text[start + length :]
    check(text)


def keys_of(shape: Any) -> list[str]:
    return list(shape.model_fields)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["web", "worker", "30s", "-1s", "10MB", "${X}", "$", "simulator", "http://[", "python3", "a" * 300, "\x00", "/", "always", SHOP_TOKEN, "x/" * 3000, "9" * 5000, "SIGTERM", "�", "ａ", "1_0", "٣"]
    )
)
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


@settings(max_examples=300)
@given(fleets)
def test_any_structure(data: dict[str, Any]) -> None:
    text = yaml.safe_dump(data, allow_unicode=True)
    check(text.encode("utf-8", "replace"))


@settings(max_examples=200)
@given(st.sampled_from(keys_of(schema.Bot)), values | sections)
def test_any_value_of_any_key_of_a_good_bot(key: str, value: Any) -> None:
    data = yaml.safe_load(a_bot())
    data["bots"]["news"][key] = value
    check(yaml.safe_dump(data).encode("utf-8", "replace"))
