"""`${VAR}` and its relatives in one text, as docker compose reads them.

${VAR} $VAR            its value; a complaint when it is not set
${VAR:-x} ${VAR-x}     x when it is unset or empty / unset
${VAR:?why} ${VAR?why} a complaint with that text, likewise
${VAR:+x} ${VAR+x}     x when it is set and not empty / set, else nothing
$$                     a dollar sign
x may hold variables again. A value that was put in is never looked at again. Where values come from is the
caller's business. Syntax: https://docs.docker.com/reference/compose-file/interpolation/
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from supervisor.config.findings import said

Lookup = Callable[[str], str | None]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])(.*))?", re.DOTALL)
_MAX_DEPTH = 16


@dataclass(slots=True)
class Expansion:
    """The text with its variables filled in, what was wrong with them, and whether there were any."""

    text: str = ""
    complaints: list[str] = field(default_factory=list)
    used: bool = False


def expand(text: str, lookup: Lookup, *, bare: bool = True, unset: Callable[[str], str] | None = None) -> Expansion:
    """Fill in variables. Without `bare`, only the `${...}` forms count and every other dollar sign is itself.
    `unset` words the complaint about a variable without value and default."""
    result = Expansion()
    result.text = _Filler(result, lookup, bare, unset or _plainly_unset).fill(text, 0)
    return result


def _plainly_unset(name: str) -> str:
    return f"the variable {name} is not set"


class _Filler:
    def __init__(self, result: Expansion, lookup: Lookup, bare: bool, unset: Callable[[str], str]) -> None:
        self._result = result
        self._lookup = lookup
        self._bare = bare
        self._unset = unset

    def fill(self, text: str, depth: int) -> str:
        out: list[str] = []
        done = 0
        while (dollar := text.find("$", done)) >= 0:
            out.append(text[done:dollar])
            value, done = self._one(text, dollar, depth)
            out.append(value)
        out.append(text[done:])
        return "".join(out)

    def _one(self, text: str, dollar: int, depth: int) -> tuple[str, int]:
        """What stands for the dollar sign at `dollar`, and where the text goes on."""
        after = text[dollar + 1 : dollar + 2]
        if after == "{":
            end = _closing(text, dollar)
            if end < 0 or depth >= _MAX_DEPTH:
                complaint = "a `${` is never closed" if end < 0 else "variables are nested too deep"
                self._result.complaints.append(complaint)
                return "", len(text)
            return self._braced(text[dollar + 2 : end], depth), end + 1
        if not self._bare:
            return "$", dollar + 1
        if after == "$":
            return "$", dollar + 2
        if name := _NAME.match(text, dollar + 1):
            return self._value(name[0], "", ""), name.end()
        self._result.complaints.append("a single `$` that begins no variable: write $$ for a dollar sign")
        return "", dollar + 1

    def _braced(self, body: str, depth: int) -> str:
        parts = _BRACED.fullmatch(body)
        if parts is None:
            shown = said("${" + body + "}")
            self._result.complaints.append(f"{shown} is not a variable; $$ stands for a dollar sign")
            return ""
        name, operator, rest = parts[1], parts[2] or "", parts[3] or ""
        value = self._lookup(name)
        absent = not value if operator.startswith(":") else value is None
        if operator.endswith("-") and absent:
            self._result.used = True
            return self.fill(rest, depth + 1)
        if operator.endswith("+"):
            self._result.used = True
            return "" if absent else self.fill(rest, depth + 1)
        return self._value(name, operator, rest)

    def _value(self, name: str, operator: str, why: str) -> str:
        self._result.used = True
        value = self._lookup(name)
        if value is None or (operator == ":?" and not value):
            state = "not set" if value is None else "empty"
            self._result.complaints.append(f"the variable {name} is {state}: {why}" if why else self._unset(name))
            return ""
        return value


def _closing(text: str, dollar: int) -> int:
    """The brace that closes the `${` at `dollar`, with those inside it skipped; -1 when there is none."""
    depth = 0
    for found in re.finditer(r"\$\{|\}", text[dollar:]):
        depth += 1 if found[0] == "${" else -1
        if depth == 0:
            return dollar + found.start()
    return -1
