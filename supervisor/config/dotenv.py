"""`.env` files, read as docker compose and python-dotenv read them, with a line number for every complaint.

NAME=value, `export NAME=value`, comments, blank lines, CRLF. Unquoted: up to the end of the line or ` #`.
"double": \\n \\r \\t \\\\ \\" \\$ and variables, may span lines. 'single': as it stands. Only `${NAME}` (with
defaults) is a variable here: passwords are full of bare dollar signs, and the bots' own libraries leave them alone.
Own, because a library either skips bad lines in silence or does not say which they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from supervisor.config.variables import Lookup, expand

_HEAD = re.compile(r"[ \t]*(?:export[ \t]+)?([^=\n#'\"]*?)[ \t]*(=|\n|$)[ \t]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SINGLE = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_REST = re.compile(r"[ \t]*(#[^\n]*)?(\n|$)")
_COMMENT = re.compile(r"(^|[ \t])#.*")
_ESCAPE = re.compile(r'\\([nrt"\\])')
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


@dataclass(slots=True)
class Variables:
    """What a file says; `lines` is where each name was given last, `complaints` are pairs of line and text."""

    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    complaints: list[tuple[int, str]] = field(default_factory=list)


def parse(text: str, outside: Lookup, *, outside_first: bool) -> Variables:
    """Read a whole file. A variable means an earlier line or `outside`; `outside_first` says which of them wins."""
    found = Variables()

    def lookup(name: str) -> str | None:
        first, second = (outside, found.values.get) if outside_first else (found.values.get, outside)
        value = first(name)
        return value if value is not None else second(name)

    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    position, line = 0, 1
    while position < len(text):
        end = _entry(text, position, line, found, lookup)
        line += text.count("\n", position, end)
        position = end
    return found


def _entry(text: str, position: int, line: int, found: Variables, lookup: Lookup) -> int:
    """Read one assignment (or comment, or mistake) and say where the next begins."""
    line_end = text.find("\n", position)
    line_end = len(text) if line_end < 0 else line_end
    row = text[position:line_end].strip()
    if not row or row.startswith("#"):
        return line_end + 1
    head = _HEAD.match(text, position)
    if head is None or not _NAME.fullmatch(head[1]) or head[2] != "=":
        found.complaints.append((line, _mistake(row)))
        return line_end + 1
    try:
        value, end = _value(text, head.end(), line_end, lookup)
    except ValueError as error:
        found.complaints.append((line, f"{head[1]}: {error}"))
        return line_end + 1
    if "\0" in value:
        found.complaints.append((line, f"{head[1]}: holds a NUL character"))
    found.values[head[1]] = value
    found.lines[head[1]] = line
    return end


def _mistake(row: str) -> str:
    name = row.partition("=")[0].removeprefix("export ").strip()
    if "=" not in row and _NAME.fullmatch(name):
        return f"{name} has no value: write {name}=value (or {name}= for an empty one)"
    if "=" not in row:
        return "expected NAME=value"
    return "the name before = must be letters, digits and _, and begin with no digit"


def _value(text: str, start: int, line_end: int, lookup: Lookup) -> tuple[str, int]:
    quote = text[start : start + 1]
    if quote not in ("'", '"'):
        plain = _COMMENT.sub("", text[start:line_end]).strip() if start <= line_end else ""
        return _filled(plain, lookup), line_end + 1
    quoted = (_DOUBLE if quote == '"' else _SINGLE).match(text, start)
    if quoted is None:
        raise ValueError(f"the quote {quote} is never closed")
    rest = _REST.match(text, quoted.end())
    if rest is None:
        raise ValueError(f"there is more text after the closing {quote}")
    if quote == "'":
        return quoted[1].replace("\\'", "'"), rest.end()
    # `\$` must not begin a variable: each piece between is filled in by itself.
    pieces = re.split(r"(\\.)", quoted[1], flags=re.DOTALL)
    return _join(pieces, lookup), rest.end()


def _join(pieces: list[str], lookup: Lookup) -> str:
    out: list[str] = []
    pending = ""
    for piece in pieces:
        if piece == "\\$":
            out += [_filled(pending, lookup), "$"]
            pending = ""
        else:
            pending += _ESCAPE.sub(lambda match: _ESCAPED[match[1]], piece)
    return "".join([*out, _filled(pending, lookup)])


def _filled(text: str, lookup: Lookup) -> str:
    if "${" not in text:
        return text
    result = expand(text, lookup, bare=False, unset=_unset)
    if result.complaints:
        raise ValueError("; ".join(result.complaints))
    return result.text


def _unset(name: str) -> str:
    return f"the variable {name} is not set above or in the environment (single quotes keep ${{{name}}} as it stands)"
