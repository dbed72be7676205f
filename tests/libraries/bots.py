"""The real bots that tests run: one minimal program per library, in the style of that library's README.

Each reads TELEGRAM_BOT_TOKEN and TELEGRAM_API_URL, polls, and answers any text with `<name>: <text>`. How a library
meets a 409 is a fact that tests lean on: some log it and go on, some die of it.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
NODE = HERE.parent / "node"


@dataclass(frozen=True, slots=True)
class LibraryBot:
    """`dies_of_409`: the process ends at its first conflict; `stops_cleanly`: it handles SIGTERM and exits with 0."""

    name: str
    command: tuple[str, ...]
    cwd: Path
    needs_node: bool
    dies_of_409: bool
    stops_cleanly: bool

    def answer(self, text: str) -> str:
        return f"{self.name}: {text}"


def _python(name: str, file: str, *, stops_cleanly: bool) -> LibraryBot:
    command = (sys.executable, str(HERE / file))
    return LibraryBot(name, command, HERE, needs_node=False, dies_of_409=False, stops_cleanly=stops_cleanly)


def _node(name: str, *, dies_of_409: bool, stops_cleanly: bool) -> LibraryBot:
    command = ("node", f"{name.lower()}.js")
    return LibraryBot(name, command, NODE, needs_node=True, dies_of_409=dies_of_409, stops_cleanly=stops_cleanly)


BOTS = (
    _python("python-telegram-bot", "python_telegram_bot.py", stops_cleanly=True),
    _python("aiogram", "aiogram_bot.py", stops_cleanly=True),
    _python("pyTelegramBotAPI", "telebot_bot.py", stops_cleanly=False),
    _node("grammY", dies_of_409=True, stops_cleanly=True),
    _node("telegraf", dies_of_409=True, stops_cleanly=True),
    _node("node-telegram-bot-api", dies_of_409=False, stops_cleanly=False),
)


def why_not(bot: LibraryBot) -> str | None:
    """Why this bot cannot run on this machine, and what would help; None when it can."""
    if not bot.needs_node:
        return None
    if shutil.which("node") is None:
        return f"{bot.name} needs node, which is not on the PATH: install Node.js 18 or newer"
    if not (NODE / "node_modules").is_dir():
        return f"{bot.name} needs its packages: run `npm ci` in tests/node (scripts/test does)"
    return None


def must_run() -> bool:
    """In continuous integration a bot that cannot run is a failure, not a skip."""
    return os.environ.get("CI", "") not in {"", "0", "false"}
