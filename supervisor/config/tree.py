"""bots.yaml as a tree in which every value knows where it was written.

Owns the three node kinds and what can be done with them without knowing any key: find, merge, turn into plain
data. A scalar stays the text the user wrote (`0123`, `1e3`, `yes`); what it means is decided by the key's type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands (line and column from 1; 0 means the whole file) and its dotted name."""

    file: Path
    line: int
    column: int
    field: str

    def child(self, key: str | int) -> Place:
        """The same position under a longer name: for something that is not written anywhere."""
        return replace(self, field=field_under(self.field, key))


def field_under(field: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{field}[{key}]"
    return f"{field}.{key}" if field else key


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `text` is None for YAML's null. `literal` means that no variable had a part in it;
    `broken` that its variables could not be filled in, which has been reported already."""

    place: Place
    text: str | None
    literal: bool = True
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    place: Place
    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; the place of each entry is that of its key."""

    place: Place
    entries: Mapping[str, Tree]

    def get(self, key: str) -> Tree | None:
        return self.entries.get(key)

    def table(self, key: str) -> Table:
        """The table under `key`, or an empty one: for reading what may be missing or of the wrong kind."""
        found = self.entries.get(key)
        return found if isinstance(found, Table) else Table(self.place.child(key), {})

    def place_of(self, key: str) -> Place:
        found = self.entries.get(key)
        return found.place if found else self.place.child(key)


Tree: TypeAlias = Scalar | Items | Table


def at(tree: Tree, location: Sequence[str | int]) -> Tree:
    """The node at `location`, or the last one on the way that exists."""
    for step in location:
        if isinstance(tree, Table) and isinstance(step, str) and step in tree.entries:
            tree = tree.entries[step]
        elif isinstance(tree, Items) and isinstance(step, int) and step < len(tree.items):
            tree = tree.items[step]
        else:
            break
    return tree


def broken(tree: Tree) -> bool:
    """Whether a value that is needed whole lacks a part (tables are judged entry by entry instead)."""
    if isinstance(tree, Scalar):
        return tree.broken
    return isinstance(tree, Items) and any(broken(item) for item in tree.items)


def merged(low: Table, high: Table) -> Table:
    """`high` over `low`, tables within tables too; a table without contents does not hide the one below it."""
    entries = dict(low.entries)
    for key, value in high.entries.items():
        below = entries.get(key)
        if isinstance(below, Table) and isinstance(value, Table):
            entries[key] = merged(below, value)
        elif not (isinstance(below, Table) and isinstance(value, Scalar) and value.text is None):
            entries[key] = value
    return Table(high.place, entries)


def as_data(tree: Tree) -> object:
    """Dicts, lists, str and None; entries with broken values are left out."""
    if isinstance(tree, Scalar):
        return tree.text
    if isinstance(tree, Items):
        return [as_data(item) for item in tree.items]
    return {key: as_data(value) for key, value in tree.entries.items() if not broken(value)}
