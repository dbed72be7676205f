"""A folder with a bots.yaml in it, for tests that load one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from hypothesis import settings

from supervisor.config.load import load
from supervisor.errors import ConfigError
from supervisor.model.bots import BotSpec, Fleet

NEWS_TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
NEWS_TOKEN_NEW = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeG"
SHOP_TOKEN = "987654321:AAFakeFakeFakeFakeFakeFakeFakeFakeF"

ENVIRON = {
    "PATH": os.environ.get("PATH", os.defpath),
    "NEWS_TOKEN": NEWS_TOKEN,
    "SHOP_TOKEN": SHOP_TOKEN,
}

# Hypothesis' own deadline is a timing assertion, which a busy machine breaks.
patient = settings(deadline=None)


class Yard:
    """Loads with bots.yaml's absolute folder blotted out of every message, so that texts can be compared."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environ: Mapping[str, str] = ENVIRON

    def write(self, name: str, text: str | bytes, mode: int = 0o600) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return path

    def load(self, text: str | bytes | None = None) -> Fleet:
        if text is not None:
            self.write("bots.yaml", text)
        return load(self.root / "bots.yaml", self.environ)

    def problems(self, text: str | bytes | None = None) -> list[str]:
        try:
            self.load(text)
        except ConfigError as error:
            return [self._short(problem) for problem in error.problems]
        return []

    def warnings(self, text: str) -> list[str]:
        return [self._short(warning) for warning in self.load(text).warnings]

    def _short(self, problem: object) -> str:
        return str(problem).replace(f"{self.root}/", "")

    def bot(self, keys: str = "", **over: str) -> BotSpec:
        return self.load(a_bot(keys, **over)).bots["news"]


def a_bot(keys: str = "", **over: str) -> str:
    """A file with one good bot, `news`, from line 2; `keys` are further lines (from line 6), `over` replaces."""
    entries = {"token": "${NEWS_TOKEN}", "mode": "worker", "command": "python3 -c pass"} | over
    lines = [f"{key}: {value}" for key, value in entries.items()] + keys.splitlines()
    return "bots:\n  news:\n" + "".join(f"    {line}\n" for line in lines)
