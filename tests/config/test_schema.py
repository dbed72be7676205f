"""The shipped JSON Schema, and the manual that must know every key."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

from supervisor.config import schema
from supervisor.config.bots import policy_of
from supervisor.config.units import duration_text, size_text
from supervisor.model.bots import BotSpec, Policy, RunSpec
from supervisor.model.containers import Build, ContainerSpec
from tests.config.yard import NEWS_TOKEN, Yard, a_bot

MANUAL = (Path(__file__).parents[2] / "docs" / "bots-yaml.md").read_text(encoding="utf-8")


def keys_of(shape: type[BaseModel], before: str = "") -> dict[str, Any]:
    """Dotted name of every key below a shape, with its default."""
    keys: dict[str, Any] = {}
    for name, field in shape.model_fields.items():
        keys[before + name] = field.default
        if isinstance(field.annotation, type) and issubclass(field.annotation, schema.Shape):
            keys |= keys_of(field.annotation, f"{before}{name}.")
    return keys


BOT_KEYS = keys_of(schema.Bot)
TOP_KEYS = {key: default for key, default in keys_of(schema.Fleet).items() if not key.startswith("defaults.")}


def row_of(key: str, columns: int) -> list[str]:
    rows = [line.strip("|").split("|") for line in MANUAL.splitlines() if line.startswith(f"| `{key}` |")]
    found = [[cell.strip() for cell in row] for row in rows if len(row) == columns]
    assert len(found) == 1, f"{key} stands in {len(found)} tables of docs/bots-yaml.md"
    return found[0]


def test_the_shipped_schema_is_the_generated_one() -> None:
    shipped = schema.SCHEMA_FILE.read_text(encoding="utf-8")
    assert shipped == schema.schema_text(), "run `python -m supervisor.config.schema --write`"


def test_the_module_prints_it() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "supervisor.config.schema"], capture_output=True, text=True, check=True
    )
    assert json.loads(run.stdout) == schema.json_schema()


@pytest.mark.parametrize("key", TOP_KEYS)
def test_top_level_keys_are_documented(key: str) -> None:
    assert row_of(key, 4)[3]


@pytest.mark.parametrize("key", BOT_KEYS)
def test_keys_of_a_bot_are_documented_with_their_defaults(key: str) -> None:
    _, value, default, _, meaning = row_of(key, 5)
    assert meaning
    written = as_written(value, BOT_KEYS[key])
    if written is not None:
        assert default == written


def as_written(value: str, default: Any) -> str | None:
    """A default as the manual shows it; None where it is no plain value."""
    if default is None or isinstance(default, BaseModel) or default == () or "Undefined" in repr(default):
        return None
    if isinstance(default, tuple):
        return ", ".join(f"`{name}`" for name in default)
    if value.startswith("duration"):
        return f"`{duration_text(default)}`"
    if value.startswith("size"):
        return f"`{size_text(default)}`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{getattr(default, 'name', default) if value.startswith('name') else default}`"


def test_nothing_is_documented_that_is_not_there() -> None:
    documented = set(re.findall(r"^\| `([a-z_.]+)` \|", MANUAL, re.MULTILINE))
    assert documented == set(BOT_KEYS) | set(TOP_KEYS)


OTHERS = {
    "mode": "web", "command": "python3 -c 1", "cwd": "..", "setup": "true", "setup_timeout": "1m", "env": "{A: 1}",
    "env_file": "own.env", "venv": "env", "token_env": "X", "port": "8001", "user": "root", "proxy": "http://h:1",
    "api_url": "http://h:1", "enabled": "false", "preflight": "false", "stop.signal": "INT", "stop.grace": "1s",
    "restart.policy": "never", "restart.delay": "2s", "restart.max_delay": "2m", "restart.reset_after": "2m",
    "conflict.wait": "1s", "conflict.attempts": "1", "conflict.window": "1s", "conflict.probe": "1s",
    "conflict.drop_pending_updates": "true", "conflict.on_hold": "wait", "conflict.retry_every": "1s",
    "conflict.rivals": "stop",
    "stall.restart": "true", "stall.after": "1s", "stall.every": "1s",
    "web.health": "/h", "web.start_timeout": "1s", "web.interval": "1s", "web.timeout": "1s", "web.failures": "1",
    "logs.max_size": "1MB", "logs.keep": "1", "token": "987654321:AAFakeFakeFakeFakeFakeFakeFakeFakeF",
    "token_file": "t", "runner": "docker", "image": "a", "build.context": "built",
    "build.dockerfile": "Dockerfile2", "build.args": "{A: 1}", "volumes": "a:/a", "networks": "host",
    "memory": "64MB", "cpus": "0.5", "pids": "100", "pull": "never", "token_delivery": "file", "read_only": "true",
}  # fmt: skip
OF_CONTAINERS = {
    "runner",
    "image",
    "volumes",
    "networks",
    "memory",
    "cpus",
    "pids",
    "pull",
    "token_delivery",
    "read_only",
}


@pytest.mark.parametrize("key", [key for key, default in BOT_KEYS.items() if not isinstance(default, BaseModel)])
def test_the_manual_says_rightly_whether_a_change_restarts(yard: Yard, key: str) -> None:
    yard.write("own.env", "A=1\n")
    yard.write("t", "987654321:AAFakeFakeFakeFakeFakeFakeFakeFakeF")
    yard.write("built/Dockerfile", "FROM a\n")
    yard.write("built/Dockerfile2", "FROM a\n")
    yard.write("old/Dockerfile", "FROM a\n")
    (yard.root / "env" / "bin").mkdir(parents=True)
    (yard.root / "env" / "bin" / "python").symlink_to(sys.executable)
    mode = "web" if key in ("port", "web.health") else "worker"
    before, after = specs(yard, key, OTHERS[key], mode)
    assert before != after, f"{key} changes nothing"
    assert row_of(key, 5)[3] == ("yes" if before.run != after.run else "no")


def specs(yard: Yard, key: str, value: str, mode: str) -> tuple[BotSpec, BotSpec]:
    outer, _, inner = key.partition(".")
    line = f"{outer}: {{{inner}: {value}}}" if inner else f"{outer}: {value}"
    if outer in OF_CONTAINERS | {"build"}:
        return of_containers(yard, key, line)
    text = a_bot(mode=mode)
    for taken in {"token_file": ("token",)}.get(outer, (outer,)):
        text = re.sub(rf"^    {taken}: .*\n", "", text, flags=re.MULTILINE)
    before = yard.load(a_bot(mode=mode)).bots["news"]
    after = yard.load(text + f"    {line}\n").bots["news"]
    return before, after


def of_containers(yard: Yard, key: str, line: str) -> tuple[BotSpec, BotSpec]:
    if key in ("runner", "image"):
        image = "\nimage: a" if key == "runner" else ""
        return yard.bot(), yard.bot(line + image)
    base = "build: {context: old}" if key == "build.context" else "build: {context: built}"
    if not key.startswith("build."):
        return yard.bot(base), yard.bot(f"{base}\n{line}")
    if key != "build.context":
        line = line.replace("{", "{context: built, ", 1)
    return yard.bot(base), yard.bot(line)


def test_shapes_and_policies_have_the_same_keys_and_defaults() -> None:
    assert policy_of(schema.Common()) == Policy()
    sections = {"stop", "restart", "conflict", "stall", "web", "logs", "preflight"}
    assert set(Policy.__dataclass_fields__) == sections
    keys = set(RunSpec.__dataclass_fields__) | set(ContainerSpec.__dataclass_fields__)
    assert keys - {"container"} == set(schema.Bot.model_fields) - sections - {"token_file", "env_file", "enabled"}
    assert set(Build.__dataclass_fields__) == set(schema.Build.model_fields)


def examples() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", MANUAL, re.DOTALL)


@pytest.mark.parametrize("text", [*examples(), a_bot("restart: always\nport: ${PORT}\nenv: {A: 1, B: yes}\nstop:")])
def test_editors_accept_what_we_accept(text: str) -> None:
    jsonschema.validate(yaml.safe_load(text), schema.json_schema())


@pytest.mark.parametrize(
    "line", ["mode: wroker", "comand: x", "stop: {grace: -1}", "port: 99999", "restart: sometimes", "token_file: x"]
)
def test_editors_refuse_what_we_refuse(line: str) -> None:
    data = yaml.safe_load(a_bot())
    data["bots"]["news"] |= yaml.safe_load(line)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema.json_schema())


@pytest.mark.parametrize("text", examples())
def test_the_examples_of_the_manual_load(yard: Yard, text: str) -> None:
    for folder in ("bots/news", "bots/shop"):
        yard.write(f"{folder}/bot.py", "")
    yard.write("bot.py", "")
    yard.write("bots/news/.env", "A=1\n")
    yard.write("secrets/shop.token", NEWS_TOKEN.replace("123", "321"))
    assert yard.problems(text) == []
    assert yard.warnings(text) == []
