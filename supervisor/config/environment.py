"""A bot's own part of its environment: its env_files, then `env`, without what the supervisor sets itself.

Token variables are taken out, because the supervisor sets them; a value there that says otherwise is warned about.
Nothing comes from the shell but what `${VAR}` asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supervisor.config import dotenv
from supervisor.config.files import Files, Unreadable
from supervisor.config.findings import TOKEN_SHAPED, Findings
from supervisor.config.schema import Bot
from supervisor.config.tree import Items, Place, Scalar, Table
from supervisor.config.variables import Lookup
from supervisor.model.bots import Mode, Token

_OURS = {"ENABLE_HEALTH_SERVER": "mode", "TELEGRAM_API_URL": "api_url"}
_OURS_WEB = {"PORT": "port"}
_OURS_PROXY = {"HTTPS_PROXY": "proxy", "ALL_PROXY": "proxy"}


@dataclass(frozen=True, slots=True)
class Ground:
    """What all bots of one file are made on: where it stands, what was read, and where complaints go."""

    file: Path
    """bots.yaml as it was named, for messages."""
    root: Path
    """The absolute folder of bots.yaml: relative names begin there."""
    files: Files
    lookup: Lookup
    path: str
    """The PATH that runs get when their own environment has none."""
    findings: Findings
    api_url: str

    def warn_if_open(self, path: Path, shown: Path) -> None:
        """Warn that others can read a file with secrets; /run/secrets is the container platform's business."""
        mode = self.files.open_mode(path)
        if mode is not None and not str(path).startswith("/run/secrets/"):
            message = f"others on this machine can read it (mode {mode:04o}): chmod 600 {shown}"
            self.findings.warn(Place(shown, 0, 0, ""), message)


@dataclass(frozen=True, slots=True)
class Variable:
    value: str
    place: Place


def environment(name: str, bot: Bot, table: Table, ground: Ground, token: Token | None) -> dict[str, Variable]:
    """The variables of one bot by name, each with the place it was written at."""
    variables: dict[str, Variable] = {}
    for number, file in enumerate(bot.env_file):
        variables |= _from_file(file, _item_place(table, number), ground)
    entries = table.table("env").entries
    for key, value in bot.env.items():
        variables[key] = Variable(value, entries[key].place)
        source = entries[key]
        if isinstance(source, Scalar) and source.literal and TOKEN_SHAPED.search(value):
            ground.findings.warn(source.place, "holds a token that is written out here: put it into .env")
    _warn_about_ours(bot, variables, ground)
    return _without_token(name, bot, variables, ground, token)


def _item_place(table: Table, number: int) -> Place:
    found = table.get("env_file")
    return found.items[number].place if isinstance(found, Items) else table.place_of("env_file")


def _from_file(file: str, place: Place, ground: Ground) -> dict[str, Variable]:
    path = ground.root / file
    shown = ground.file.parent / file
    try:
        text = ground.files.text(path)
    except Unreadable as reason:
        said = f"there is no file {file} (looked for {path})" if reason.missing else f"{file} {reason}"
        ground.findings.problem(place, said)
        return {}
    found = dotenv.parse(text, ground.lookup, outside_first=False)
    for line, complaint in found.complaints:
        ground.findings.problem(Place(shown, line, 1, ""), complaint)
    if any(TOKEN_SHAPED.search(value) for value in found.values.values()):
        ground.warn_if_open(path, shown)
    return {name: Variable(value, Place(shown, found.lines[name], 1, name)) for name, value in found.values.items()}


def _warn_about_ours(bot: Bot, variables: dict[str, Variable], ground: Ground) -> None:
    ours = _OURS | (_OURS_WEB if bot.mode is Mode.WEB else {}) | (_OURS_PROXY if bot.proxy else {})
    for name in variables.keys() & ours.keys():
        key = ours[name]
        ground.findings.warn(variables[name].place, f"is set by the supervisor, from `{key}`: set that instead")


def _without_token(
    name: str, bot: Bot, variables: dict[str, Variable], ground: Ground, token: Token | None
) -> dict[str, Variable]:
    for variable in variables.keys() & set(bot.token_env):
        found = variables[variable]
        same = token is not None and found.value == token.reveal()
        in_env = variable in bot.env
        if token is not None and (in_env or not same):
            what = "is set by the supervisor" if same else "is not used: the supervisor sets it"
            ground.findings.warn(found.place, f"{what} from the token of bots.{name}: remove it here")
    return {key: value for key, value in variables.items() if key not in bot.token_env}
