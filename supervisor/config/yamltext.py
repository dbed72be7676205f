"""YAML text to a tree, without ever building what a hostile or broken text asks for.

Works on the parser's events instead of its nodes: so depth and size are bounded before anything is built (the
C composer recurses on the C stack), aliases are expanded against a budget, both lines of a duplicate key are
known, and a scalar's own spelling is kept. Knows no key of bots.yaml but the merge key `<<` and `x-`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import yaml

from supervisor.config.findings import Findings, said
from supervisor.config.tree import Items, Place, Scalar, Table, Tree, field_under

MAX_NODES = 100_000
MAX_DEPTH = 64
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_TAGS = {None, "!", *(_CORE + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq"))}
_NULLS = {"", "~", "null", "Null", "NULL"}
# What YAML allows in a stream (yaml.org/spec/1.1, c-printable), less the byte order mark inside it.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True)
class _Text:
    line: int
    column: int
    text: str | None
    plain: bool


@dataclass(slots=True)
class _List:
    line: int
    column: int
    items: list[_Node] = field(default_factory=list)


@dataclass(slots=True)
class _Map:
    line: int
    column: int
    pairs: dict[str, tuple[_Text, _Node]] = field(default_factory=dict)
    merges: list[_Node] = field(default_factory=list)


_Node: TypeAlias = _Text | _List | _Map


class _Refused(Exception):  # the text cannot be read any further
    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line, self.column, self.message = line, column, message


def read_tree(text: str, file: Path, findings: Findings) -> Table | None:
    """The file's mapping, or None when there is nothing to go on with (and a finding says why)."""
    start = Place(file, 1, 1, "")
    try:
        _refuse_unprintable(text)
        root = _Composer(text, file, findings).document()
        if root is None or (isinstance(root, _Text) and root.text is None):
            findings.problem(start, "the file is empty: it needs at least `bots:` with one bot under it")
        elif not isinstance(root, _Map):
            kind = "a list" if isinstance(root, _List) else "a single text"
            findings.problem(start, f"the file is {kind}, expected a mapping that begins with `bots:`")
        else:
            tree = _Expander(file).tree(root, Place(file, 1, 1, ""), 0)
            return tree if isinstance(tree, Table) else None
    except _Refused as refused:
        findings.problem(Place(file, refused.line, refused.column, ""), refused.message)
    except yaml.YAMLError as error:
        line, column, message = _in_words(error, text)
        findings.problem(Place(file, line, column, ""), message)
    return None


def _refuse_unprintable(text: str) -> None:
    if found := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        raise _Refused(line, column, f"holds a control character (U+{ord(found[0]):04X}); is this a text file?")


class _Composer:
    """Events to shared nodes: an alias is the very node of its anchor."""

    def __init__(self, text: str, file: Path, findings: Findings) -> None:
        self._events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=_LOADER))
        self._file = file
        self._findings = findings
        self._anchors: dict[str, _Node] = {}
        self._open: set[str] = set()
        self._count = 0

    def document(self) -> _Node | None:
        root: _Node | None = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    line, column = _position(event)
                    raise _Refused(line, column, "a second document begins here (`---`): bots.yaml is one document")
                root = self._node(next(self._events), 1)
        return root

    def _node(self, event: yaml.Event, depth: int) -> _Node:
        line, column = _position(event)
        self._count += 1
        if self._count > MAX_NODES:
            raise _Refused(line, column, f"the file has more than {MAX_NODES:,} values: that is not a fleet of bots")
        if depth > MAX_DEPTH:
            raise _Refused(line, column, f"is nested more than {MAX_DEPTH} levels deep")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), line, column)
        tag, anchor = event.tag, event.anchor  # type: ignore[attr-defined]
        if tag not in _TAGS:
            shown = tag.replace(_CORE, "!!")
            here = Place(self._file, line, column, "")
            self._findings.problem(here, f"the tag {said(shown)} is not allowed: remove it")
        if anchor is not None:
            self._open.add(anchor)
        node = self._contents(event, line, column, depth)
        if anchor is not None:
            self._open.discard(anchor)
            self._anchors[anchor] = node
        return node

    def _contents(self, event: yaml.Event, line: int, column: int, depth: int) -> _Node:
        if isinstance(event, yaml.ScalarEvent):
            plain = bool(event.implicit[0])
            null = event.tag == _CORE + "null" or (plain and event.value in _NULLS)
            return _Text(line, column, None if null else event.value, plain)
        if isinstance(event, yaml.SequenceStartEvent):
            items = _List(line, column)
            while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
                items.items.append(self._node(event, depth + 1))
            return items
        table = _Map(line, column)
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            self._pair(table, self._node(event, depth + 1), self._node(next(self._events), depth + 1))
        return table

    def _pair(self, table: _Map, key: _Node, value: _Node) -> None:
        here = Place(self._file, key.line, key.column, "")
        if not isinstance(key, _Text):
            self._findings.problem(here, 'a key must be text (`{...}` around a variable needs quotes: "${NAME}")')
        elif key.plain and key.text == "<<":
            table.merges.append(value)
        else:
            name = key.text if key.text is not None else "null"
            if first := table.pairs.get(name):
                said_first = f"first in line {first[0].line}"
                self._findings.problem(here, f"the key {said(name)} is written twice, {said_first}: keep one of them")
            else:
                table.pairs[name] = (key, value)

    def _alias(self, anchor: str, line: int, column: int) -> _Node:
        if anchor in self._open:
            raise _Refused(line, column, f"*{anchor} stands inside its own &{anchor}: that has no end")
        if anchor not in self._anchors:
            hint = "a text that begins with * needs quotes"
            raise _Refused(line, column, f"*{anchor} has no &{anchor} before it ({hint})")
        return self._anchors[anchor]


class _Expander:
    """Shared nodes to a tree, in which every use of an anchor has a place of its own, up to a budget."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._left = MAX_NODES
        self._top = Place(file, 1, 1, "")

    def tree(self, node: _Node, place: Place, depth: int) -> Tree:
        self._spend(depth)
        if isinstance(node, _Text):
            return Scalar(place, node.text)
        if isinstance(node, _List):
            return Items(place, tuple(self._item(item, place, n, depth) for n, item in enumerate(node.items)))
        entries: dict[str, Tree] = {}
        self._fill(entries, node, place, depth)
        return Table(place, entries)

    def _spend(self, depth: int) -> None:
        """Count one node; out of budget, the top-level key that used it up is to blame."""
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise _Refused(self._top.line, self._top.column, "its aliases multiply beyond measure: write them out")

    def _item(self, node: _Node, parent: Place, number: int, depth: int) -> Tree:
        here = Place(self._file, node.line, node.column, field_under(parent.field, number))
        return self.tree(node, here, depth + 1)

    def _fill(self, entries: dict[str, Tree], node: _Map, place: Place, depth: int) -> None:
        for name, (key, value) in node.pairs.items():
            if name in entries or (depth == 0 and name.startswith("x-")):
                continue
            where = Place(self._file, key.line, key.column, field_under(place.field, name))
            if depth == 0:
                self._top = where
            entries[name] = self.tree(value, where, depth + 1)
        for merge in node.merges:
            for source in merge.items if isinstance(merge, _List) else [merge]:
                self._merge(entries, source, place, depth)

    def _merge(self, entries: dict[str, Tree], source: _Node, place: Place, depth: int) -> None:
        self._spend(depth)
        if not isinstance(source, _Map):
            raise _Refused(source.line, source.column, "`<<` takes a mapping, as in `<<: *common`")
        self._fill(entries, source, place, depth + 1)


def _position(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


_HINTS = (
    ("mapping values are not allowed", "a value that holds `: ` needs quotes, and keys of one level the same indent"),
    ("expected ',' or '}'", 'inside { } a variable needs quotes: {NAME: "${NAME}"}'),
    ("expected ',' or ']'", 'inside [ ] a variable needs quotes: ["${NAME}"]'),
    ("could not find expected ':'", "a key needs a colon and a space after it"),
    ("expected <block end>", "the indent does not fit the lines above"),
    ("did not find expected key", "the indent does not fit the lines above"),
    ("cannot start any token", "a text that begins with @, `, % or | needs quotes"),
    ("unexpected end of stream", "a quote or bracket is never closed"),
)


def _in_words(error: yaml.YAMLError, text: str) -> tuple[int, int, str]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    for number, row in enumerate(text.splitlines()[:line], start=1):
        indent = row[: len(row) - len(row.lstrip())]
        if "\t" in indent:
            return number, indent.index("\t") + 1, "this line is indented with a tab: YAML takes spaces only"
    problem = str(getattr(error, "problem", None) or "cannot be read")
    hint = next((f" ({hint})" for part, hint in _HINTS if part in problem), "")
    return line, column, f"this is not YAML: {problem}{hint}"
