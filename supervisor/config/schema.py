"""The shape of bots.yaml and nothing else: its keys, their types, their defaults, one sentence about each.

What is here becomes the JSON Schema for editors (`python -m supervisor.config.schema` prints it, `--write` puts it
beside this file). Defaults come from the model, so that they stand in one place. Everything is optional here,
since `defaults:` may hold it; what a bot must have in the end is checked by whoever makes bots of it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from supervisor.config.kinds import (
    ApiUrl,
    Command,
    Count,
    CountOrNone,
    Cpus,
    Env,
    EnvNames,
    Flag,
    LongSpan,
    Pids,
    Port,
    Proxy,
    ShortSpan,
    Signal,
    Size,
    Span,
    Text,
    Texts,
    UrlPath,
    choice,
    one_of,
)
from supervisor.config.units import duration_text, size_text
from supervisor.model.bots import (
    ConflictPolicy,
    LogPolicy,
    Mode,
    OnHold,
    RestartPolicy,
    RestartWhen,
    Rivals,
    RunnerKind,
    RunSpec,
    StallPolicy,
    StopPolicy,
    WebPolicy,
)
from supervisor.model.containers import Build as BuildSpec
from supervisor.model.containers import ContainerSpec, Pull, TokenDelivery

SCHEMA_FILE = Path(__file__).with_name("bots.schema.json")

_RUN: dict[str, Any] = {name: key.default for name, key in RunSpec.__dataclass_fields__.items()}
_CONTAINER, _DOCKERFILE = ContainerSpec(), BuildSpec(Path()).dockerfile
_STOP, _RESTART, _CONFLICT = StopPolicy(), RestartPolicy(), ConflictPolicy()
_STALL, _WEB, _LOGS = StallPolicy(), WebPolicy(), LogPolicy()


class Shape(BaseModel):
    """A mapping with known keys. A key without a value (or with an empty text) counts as not written."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value not in (None, "") or key not in cls.model_fields}


class Telegram(Shape):
    """Where Telegram's Bot API is."""

    api_url: ApiUrl = Field(
        default=_RUN["api_url"], description="Address of the Bot API server, or the word simulator."
    )


class Stop(Shape):
    """How a bot is asked to end."""

    signal: Signal = Field(default=_STOP.signal, description="Signal sent first, such as SIGTERM or SIGINT.")
    grace: Span = Field(default=_STOP.grace, description="Time it has before it is killed.")


class Restart(Shape):
    """When and how soon a bot that ended is started again."""

    policy: Annotated[RestartWhen, choice(RestartWhen), one_of(RestartWhen)] = Field(
        default=_RESTART.policy, description="always, on-failure (any exit code but 0), or never."
    )
    delay: Span = Field(default=_RESTART.delay, description="First delay; it doubles each time.")
    max_delay: Span = Field(default=_RESTART.max_delay, description="Longest delay.")
    reset_after: Span = Field(
        default=_RESTART.reset_after, description="Being up for this long starts the delays anew."
    )


class Conflict(Shape):
    """What is done about a 409."""

    wait: Span = Field(default=_CONFLICT.wait, description="Silence before the next start.")
    attempts: Count = Field(default=_CONFLICT.attempts, description="Rounds before the bot is held.")
    window: LongSpan = Field(default=_CONFLICT.window, description="Recovered means: no further 409 for this long.")
    probe: LongSpan = Field(default=_CONFLICT.probe, description="How long a rival is listened for.")
    drop_pending_updates: Flag = Field(
        default=_CONFLICT.drop_pending_updates, description="Throw away waiting messages when a webhook is removed."
    )
    on_hold: Annotated[OnHold, choice(OnHold), one_of(OnHold)] = Field(
        default=_CONFLICT.on_hold, description="retry: try again by itself; wait: until botctl start."
    )
    retry_every: LongSpan = Field(default=_CONFLICT.retry_every, description="Time between tries of a held bot.")
    rivals: Annotated[Rivals, choice(Rivals), one_of(Rivals)] = Field(
        default=_CONFLICT.rivals, description="report: name other users of the token on this host; stop: end them."
    )


class Stall(Shape):
    """What is done about a bot that is up while its updates pile up at Telegram."""

    restart: Flag = Field(default=_STALL.restart, description="true: a stalled bot is restarted, not only shown.")
    after: LongSpan = Field(default=_STALL.after, description="Stalled means: updates only piled up for this long.")
    every: LongSpan = Field(default=_STALL.every, description="Time between two looks.")


class Web(Shape):
    """How the health of a web bot is asked."""

    health: UrlPath = Field(default=_WEB.health, description="Path that answers 2xx while the bot is well.")
    start_timeout: LongSpan = Field(default=_WEB.start_timeout, description="Time to open the port and answer first.")
    interval: ShortSpan = Field(default=_WEB.interval, description="Time between two questions.")
    timeout: ShortSpan = Field(default=_WEB.timeout, description="Time for one answer.")
    failures: Count = Field(default=_WEB.failures, description="Failures in a row that restart the bot.")


class Logs(Shape):
    """How much of a bot's output is kept."""

    max_size: Size = Field(default=_LOGS.max_size, description="Size at which a log file is rotated.")
    keep: CountOrNone = Field(default=_LOGS.keep, description="Rotated files kept beside it.")


class Build(Shape):
    """How a container bot's image is made."""

    context: Text | None = Field(default=None, description="Folder with the Dockerfile and all that it copies.")
    dockerfile: Text = Field(default=_DOCKERFILE, description="The Dockerfile's name in that folder.")
    args: Env = Field(default_factory=dict, description="Build arguments; no place for secrets.")


class Common(Shape):
    """What may stand under `defaults:` and under each bot."""

    mode: Annotated[Mode, choice(Mode), one_of(Mode)] | None = Field(
        default=None, description="worker polls for updates; web opens $PORT and answers its health path. Required."
    )
    command: Command | None = Field(
        default=None,
        description="What is run: text (split like a shell does, no shell) or a list of words. "
        "Required, unless an image has its own.",
    )
    cwd: Text | None = Field(
        default=None, description="Folder the bot runs in; the folder of bots.yaml if not given."
    )
    setup: Command | None = Field(
        default=None, description="Run before the first start and when it or its files change."
    )
    setup_timeout: LongSpan = Field(default=_RUN["setup_timeout"], description="Time limit of setup.")
    env: Env = Field(default_factory=dict, description="Environment variables; values stay the text that is written.")
    env_file: Texts = Field(default=(), description="Files with NAME=value lines; env wins over them.")
    venv: Text | None = Field(
        default=None, description="Python virtual environment; .venv or venv beside the code is found."
    )
    token_env: EnvNames = Field(default=_RUN["token_env"], description="Variables that get the token.")
    port: Port | None = Field(default=None, description="Port of a web bot; a free one if not given.")
    user: Text | None = Field(default=None, description="User the bot runs as (the supervisor must be root).")
    proxy: Proxy | None = Field(default=None, description="http, https, socks5 or socks5h proxy towards Telegram.")
    api_url: ApiUrl | None = Field(
        default=None, description="Bot API server of this bot, instead of telegram.api_url."
    )
    runner: Annotated[RunnerKind, choice(RunnerKind), one_of(RunnerKind)] | None = Field(
        default=None, description="process or docker; docker where image or build is given."
    )
    image: Text | None = Field(default=None, description="Run as a container of this image.")
    build: Build = Field(
        default=Build(), description="Run as a container of an image built from a folder; a bare text is the folder."
    )
    volumes: Texts = Field(default=(), description="Of a container: ./folder:/target or name:/target, and :ro.")
    networks: Texts = Field(default=(), description="Of a container: networks of the engine, or host.")
    memory: Size | None = Field(default=None, description="Of a container: the most memory it may use.")
    cpus: Cpus | None = Field(default=None, description="Of a container: the most processors it may use.")
    pids: Pids = Field(default=_CONTAINER.pids, description="Of a container: the most processes and threads.")
    pull: Annotated[Pull, choice(Pull), one_of(Pull)] = Field(
        default=_CONTAINER.pull, description="Get the image: always, if missing, or never."
    )
    token_delivery: Annotated[TokenDelivery, choice(TokenDelivery), one_of(TokenDelivery)] = Field(
        default=_CONTAINER.token_delivery, description="Of a container: the token as a variable, or in a file."
    )
    read_only: Flag = Field(default=_CONTAINER.read_only, description="Of a container: no writing but to volumes.")
    enabled: Flag = Field(default=True, description="false: the bot is not run.")
    preflight: Flag = Field(
        default=True, description="false: start without asking Telegram about token and webhook first."
    )
    stop: Stop = Field(default=Stop(), description="How the bot is asked to end.")
    restart: Restart = Field(default=Restart(), description="When it is started again; a bare word is the policy.")
    conflict: Conflict = Field(default=Conflict(), description="What is done about a 409.")
    stall: Stall = Field(default=Stall(), description="What is done when its updates pile up.")
    web: Web = Field(default=Web(), description="How the health of a web bot is asked.")
    logs: Logs = Field(default=Logs(), description="How much of its output is kept.")


class Bot(Common):
    """One bot, with `defaults:` laid under it."""

    token: Text | None = Field(default=None, description="The token, best as ${NAME} with NAME=... in .env.")
    token_file: Text | None = Field(default=None, description="A file that holds the token and nothing else.")


class Fleet(Shape):
    """The whole file. Keys that begin with x- are left to you, for YAML anchors."""

    telegram: Telegram = Field(default=Telegram(), description="Where Telegram's Bot API is.")
    defaults: Common = Field(default=Common(), description="Any key of a bot but its token, for all bots.")
    bots: dict[str, Bot] = Field(description="The bots by name.")


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of bots.yaml as it stands before variables are filled in."""
    schema = Fleet.model_json_schema()
    shapes = schema["$defs"]
    for shape in [schema, *shapes.values()]:
        for name, key in shape["properties"].items():
            shape["properties"][name] = _as_written(key)
    schema["patternProperties"] = {"^x-": {}}
    bot = shapes["Bot"]
    bot["oneOf"] = [{"required": ["token"]}, {"required": ["token_file"]}]
    policy = shapes["Restart"]["properties"]["policy"]
    for shape in (bot, shapes["Common"]):
        shape["properties"]["restart"]["anyOf"].append({"enum": policy["anyOf"][0]["enum"]})
        shape["properties"]["build"]["anyOf"].append({"type": "string", "minLength": 1})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "bots.yaml"}


def _as_written(key: dict[str, Any]) -> dict[str, Any]:
    """One key's schema: a key may be empty, and its default looks as people write it."""
    key = {name: value for name, value in key.items() if name != "title"}
    form = key.pop("format", None)
    if form and "default" in key:
        key["default"] = (duration_text if form == "duration" else size_text)(key["default"])
    if key.get("default", 0) is None:
        del key["default"]
    if "$ref" in key:
        key["anyOf"] = [{"$ref": key.pop("$ref")}, {"type": "null"}]
    elif isinstance(key.get("type"), str):
        key["type"] = [key["type"], "null"]
    return key


def schema_text() -> str:
    return json.dumps(json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    else:
        sys.stdout.write(schema_text())
