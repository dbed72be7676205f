"""One entry of bots.yaml, its shape being right, to a BotSpec: what it needs, what it refers to, what is there.

Goes on after every complaint, so that a reader hears all of them; a bot with complaints gives no spec. What bots
have to do with one another is not known here. For a bot that is not `enabled`, what is missing on this machine is
only a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.config import schema, tokens, world
from supervisor.config.containers import container_of, is_container
from supervisor.config.environment import Ground, Variable, environment
from supervisor.config.files import Unreadable
from supervisor.config.findings import said
from supervisor.config.tree import Place, Scalar, Table
from supervisor.config.units import duration_text
from supervisor.model.bots import (
    BotSpec,
    ConflictPolicy,
    LogPolicy,
    Mode,
    Policy,
    RestartPolicy,
    RunnerKind,
    RunSpec,
    StallPolicy,
    StopPolicy,
    Token,
    WebPolicy,
)
from supervisor.model.containers import ContainerSpec

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


@dataclass(slots=True)
class Draft:
    """A bot as far as it could be made; `spec` is None when something of it is wrong."""

    name: str
    place: Place
    enabled: bool
    token: Token | None = None
    token_place: Place = field(kw_only=True)
    port: int | None = None
    port_place: Place = field(kw_only=True)
    variables: Mapping[str, Variable] = field(default_factory=dict)
    contained: bool = False
    spec: BotSpec | None = None


def make(name: str, bot: schema.Bot, table: Table, ground: Ground) -> Draft:
    return _Maker(name, bot, table, ground).make()


class _Maker:
    def __init__(self, name: str, bot: schema.Bot, table: Table, ground: Ground) -> None:
        self._name = name
        self._bot = bot
        self._table = table
        self._ground = ground
        self._problem = ground.findings.problem
        self._doubt: Callable[[Place, str], None] = self._problem if bot.enabled else ground.findings.warn

    def make(self) -> Draft:
        bot, table = self._bot, self._table
        self._check_name()
        draft = Draft(
            self._name,
            table.place,
            bot.enabled,
            token_place=table.place_of("token" if "token" in table.entries else "token_file"),
            port_place=table.place_of("port"),
        )
        draft.token = self._token()
        draft.variables = environment(self._name, bot, table, self._ground, draft.token)
        if bot.mode is None:
            self._needs("mode", "write mode: worker (it polls for updates) or mode: web (it opens $PORT)")
        draft.contained = is_container(bot)
        if bot.command is None and not draft.contained:
            self._needs("command", "write for example command: python bot.py")
        self._check_web()
        if bot.mode is Mode.WEB:
            draft.port = bot.port
        self._check_restart()
        cwd = self._cwd()
        container = container_of(self._name, bot, table, self._ground)
        venv = self._venv(cwd) if cwd and not draft.contained else None
        if cwd and bot.command and not draft.contained:
            self._check_program(bot.command, cwd, venv, draft.variables)
        if not draft.contained:
            self._check_user()
        draft.spec = self._spec(draft, cwd, venv, container)
        return draft

    def _check_name(self) -> None:
        if not _NAME.fullmatch(self._name):
            rule = "letters, digits, - and _, at most 63, beginning with a letter or digit"
            self._problem(self._table.place, f"{said(self._name)} cannot name a bot: use {rule}")

    def _needs(self, key: str, remedy: str, what: str = "is missing") -> None:
        """Complain about a missing key, unless what stands there was complained about already."""
        found = self._table.get(key)
        if found is None or (isinstance(found, Scalar) and not found.text and not found.broken):
            self._problem(self._table.place_of(key), f"{what}: {remedy}")

    def _token(self) -> Token | None:
        bot, table = self._bot, self._table
        if bot.token and bot.token_file:
            self._problem(table.place_of("token_file"), "stands beside token: keep one of the two")
        elif bot.token_file:
            return self._token_from_file(bot.token_file)
        elif bot.token is None:
            self._no_token()
        elif wrong := tokens.wrong_with(bot.token):
            self._problem(table.place_of("token"), wrong)
        else:
            source = table.get("token")
            if isinstance(source, Scalar) and source.literal:
                remedy = f"{self._remedy_for_token()}, so that this file holds no secret"
                self._ground.findings.warn(source.place, f"is written out: {remedy}")
            return Token(bot.token)
        return None

    def _no_token(self) -> None:
        if "token" in self._table.entries:
            self._needs("token", "copy the token that @BotFather gave you", what="is empty")
        elif "token_file" in self._table.entries:
            self._needs("token_file", "name a file that holds the token", what="is empty")
        else:
            self._needs("token", self._remedy_for_token())

    def _remedy_for_token(self) -> str:
        variable = re.sub(r"[^A-Z0-9]", "_", self._name.upper()) + "_TOKEN"
        variable = f"BOT_{variable}" if variable[0].isdigit() else variable
        return f"put {variable}=... into .env and write token: ${{{variable}}} here"

    def _token_from_file(self, name: str) -> Token | None:
        place = self._table.place_of("token_file")
        path = self._ground.root / name
        try:
            text = self._ground.files.text(path).strip()
        except Unreadable as reason:
            self._problem(
                place, f"there is no file {name} (looked for {path})" if reason.missing else f"{name} {reason}"
            )
            return None
        self._ground.warn_if_open(path, self._ground.file.parent / name)
        if wrong := tokens.wrong_with(text):
            self._problem(
                place, f"what {name} holds {wrong}" if text else f"{name} is empty: it should hold the token"
            )
            return None
        return Token(text)

    def _check_web(self) -> None:
        if self._bot.mode is not Mode.WORKER:
            return
        own = f"bots.{self._name}."
        remedy = "is for web bots, this one is a worker: remove it, or write mode: web"
        for key, complain in (("port", self._problem), ("web", self._ground.findings.warn)):
            place = self._table.place_of(key)
            if key in self._table.entries and place.field.startswith(own) and getattr(self._bot, key):
                complain(place, remedy)

    def _check_restart(self) -> None:
        restart = self._bot.restart
        if restart.delay > restart.max_delay:
            longest = duration_text(restart.max_delay)
            place = self._table.table("restart").place_of("delay")
            self._problem(place, f"is longer than max_delay ({longest}): raise restart.max_delay too")

    def _cwd(self) -> Path | None:
        written = self._bot.cwd
        if written is None:
            found = self._table.get("cwd")
            misfit = found is not None and not (isinstance(found, Scalar) and not found.broken)
            return None if misfit else self._ground.root
        cwd = self._ground.root / written
        if wrong := world.wrong_with_folder(cwd, written):
            self._doubt(self._table.place_of("cwd"), wrong)
            return cwd if not self._bot.enabled else None
        return cwd

    def _venv(self, cwd: Path) -> Path | None:
        written = self._bot.venv
        found = world.find_venv(cwd, self._bot.command or ()) if written is None else self._ground.root / written
        if found is None:
            return None
        shown = written or str(found.relative_to(self._ground.root) if self._inside(found) else found)
        if wrong := world.wrong_with_venv(found, shown):
            self._doubt(self._table.place_of("venv"), wrong)
        return found

    def _inside(self, path: Path) -> bool:
        return path.is_relative_to(self._ground.root)

    def _check_program(
        self, command: tuple[str, ...], cwd: Path, venv: Path | None, variables: Mapping[str, Variable]
    ) -> None:
        """A program that `setup` may bring is looked for when it has run, not before."""
        if self._bot.setup:
            return
        own = variables.get("PATH")
        path = own.value if own else self._ground.path
        place = self._table.place_of("command")
        if wrong := world.wrong_with_program(command[0], cwd, f"{venv}/bin:{path}" if venv else path):
            self._doubt(place, wrong)
        elif missing := world.missing_script(command, cwd):
            self._ground.findings.warn(place, missing)

    def _check_user(self) -> None:
        user, place = self._bot.user, self._table.place_of("user")
        if user is None:
            return
        if wrong := world.wrong_with_user(user):
            self._doubt(place, wrong)
        elif not world.may_become(user):
            self._ground.findings.warn(place, f"only a supervisor run by root can start a bot as {user}")

    def _spec(
        self, draft: Draft, cwd: Path | None, venv: Path | None, container: ContainerSpec | None
    ) -> BotSpec | None:
        bot = self._bot
        whole = container is not None if draft.contained else bot.command is not None
        if draft.token is None or bot.mode is None or cwd is None or not whole:
            return None
        build = container.build if container else None
        run = RunSpec(
            mode=bot.mode,
            token=draft.token,
            command=bot.command or (),
            cwd=build.context if build else cwd,
            env={key: variable.value for key, variable in draft.variables.items()},
            venv=venv,
            setup=None if draft.contained else bot.setup,
            setup_timeout=bot.setup_timeout,
            user=bot.user,
            api_url=bot.api_url or self._ground.api_url,
            proxy=bot.proxy,
            token_env=bot.token_env,
            port=draft.port,
            runner=RunnerKind.DOCKER if draft.contained else RunnerKind.PROCESS,
            container=container,
        )
        return BotSpec(draft.name, run, policy_of(bot), bot.enabled, draft.place.line)


def policy_of(bot: schema.Common) -> Policy:
    """The half of a bot's wishes that needs no restart; the shapes' keys are the fields' names."""
    return Policy(
        stop=StopPolicy(**bot.stop.model_dump()),
        restart=RestartPolicy(**bot.restart.model_dump()),
        conflict=ConflictPolicy(**bot.conflict.model_dump()),
        stall=StallPolicy(**bot.stall.model_dump()),
        web=WebPolicy(**bot.web.model_dump()),
        logs=LogPolicy(**bot.logs.model_dump()),
        preflight=bot.preflight,
    )
