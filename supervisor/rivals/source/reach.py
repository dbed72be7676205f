"""Which files of a project belong to one program: those its entry file brings in, directly or not."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from supervisor.rivals.source.found import FileFacts

_ENDS = ("", ".js", ".ts", ".mjs", ".cjs", ".mts", ".tsx", ".jsx", "/index.js", "/index.ts", "/index.mjs")
TEST = re.compile(r"(?:^|/)(?:tests?|__tests__|spec|testing)/|(?:^|/)test_[^/]*$|[._](?:test|spec)\.\w+$|_test\.\w+$")


MODULES = frozenset(["python", "node", "php", "ruby", "shell"])
"""Languages in which a file is a program; in the others a folder is."""


def programs(files: Mapping[str, FileFacts], entries: Iterable[str]) -> list[frozenset[str]]:
    """One set of files for each program: of the entries, or where none is known of every file nothing brings in."""
    known = [entry for entry in entries if entry in files]
    if known:
        return [reached(files, entry) for entry in known]
    brought = {target for path in files for target in _targets(files, path) if target != path}
    roots = [path for path, facts in files.items() if facts.root or path not in brought]
    found = {reached(files, root) for root in roots if not TEST.search(root)}
    return [one for one in found if not any(one < other for other in found)]


def reached(files: Mapping[str, FileFacts], entry: str) -> frozenset[str]:
    """The entry and all it brings in. Languages without files as modules: all of the language, but tests."""
    language = files[entry].language
    if language not in MODULES:
        return frozenset(
            path for path, facts in files.items() if facts.language == language and not TEST.search(path)
        )
    seen: set[str] = set()
    todo = [entry]
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo += _targets(files, path, entry)
    return frozenset(seen)


def _targets(files: Mapping[str, FileFacts], path: str, entry: str = "") -> list[str]:
    find = {"python": _python, "node": _node}.get(files[path].language, _beside)
    return [target for name in files[path].imports for target in find(files, path, name, entry)]


def _node(files: Mapping[str, FileFacts], path: str, name: str, _: str) -> list[str]:
    if not name.startswith("."):
        return []
    base = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    tries = [base + end for end in _ENDS]
    tries += [re.sub(r"\.([mc]?)js$", r".\1ts", base)]  # TypeScript writes ./bot.js for bot.ts
    return [one for one in tries if one in files][:1]


def _beside(files: Mapping[str, FileFacts], path: str, name: str, _: str) -> list[str]:
    base = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    return [one for one in (base, f"{base}.rb") if one in files][:1]


def _python(files: Mapping[str, FileFacts], path: str, name: str, entry: str) -> list[str]:
    level = len(name) - len(name.lstrip("."))
    here = posixpath.dirname(path)
    if level:
        for _ in range(level - 1):
            here = posixpath.dirname(here)
        tops = [here]
    else:
        tops = list(dict.fromkeys([posixpath.dirname(entry or path), "", "src", here]))
    inner = name.lstrip(".").replace(".", "/")
    for top in tops:
        base = posixpath.join(top, inner).rstrip("/")
        found = [one for one in (f"{base}.py", f"{base}/__init__.py") if one in files]
        if found:
            return found[:1]
    return []
