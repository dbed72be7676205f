"""Fills the variables of a whole tree in, after YAML was parsed: so no value can add a key or a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from supervisor.config.findings import Findings
from supervisor.config.kinds import near
from supervisor.config.tree import Items, Scalar, Table, Tree
from supervisor.config.variables import Lookup, expand

MAX_TEXT = 65_536  # Linux takes 128 KiB in one argument or variable, execve(2)


class Filler:
    """Values only, never keys. What cannot be filled in is reported at its place and marked as broken."""

    def __init__(self, environ: Mapping[str, str], dotenv: Mapping[str, str], file: str, findings: Findings) -> None:
        self._lookup: Lookup = lambda name: environ.get(name, dotenv.get(name))
        self._names: Iterable[str] = dotenv
        self._file = file
        self._findings = findings
        self._unset_words: dict[str, str] = {}

    def tree(self, tree: Tree) -> Tree:
        if isinstance(tree, Scalar):
            return self._scalar(tree)
        if isinstance(tree, Items):
            return Items(tree.place, tuple(self.tree(item) for item in tree.items))
        return self.table(tree)

    def table(self, table: Table) -> Table:
        return Table(table.place, {key: self.tree(value) for key, value in table.entries.items()})

    def _scalar(self, scalar: Scalar) -> Scalar:
        if scalar.text is None:
            return scalar
        if too_long := _too_long(scalar.text):
            self._findings.problem(scalar.place, too_long)
            return replace(scalar, text="", broken=True)
        result = expand(scalar.text, self._lookup, unset=self._unset)
        complaints = list(dict.fromkeys(result.complaints)) or _unfit(result.text)
        for complaint in complaints:
            self._findings.problem(scalar.place, complaint)
        return replace(scalar, text=result.text, literal=not result.used, broken=bool(complaints))

    def _unset(self, name: str) -> str:
        if name not in self._unset_words:
            guess = near(name, self._names)
            remedy = f"put {name}=... into .env beside {self._file}{guess}"
            self._unset_words[name] = f"the variable {name} is not set: {remedy}"
        return self._unset_words[name]


def _too_long(text: str) -> str | None:
    return f"is longer than {MAX_TEXT:,} characters: put it into a file" if len(text) > MAX_TEXT else None


def _unfit(text: str) -> list[str]:
    """What no file name, argument or environment variable can hold."""
    if "\0" in text:
        return ["holds a NUL character"]
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return ["holds characters that are not UTF-8"]
    too_long = _too_long(text)
    return [too_long] if too_long else []
