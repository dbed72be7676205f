"""The blocks in braces of a text without comments and strings: which arm of which fork, in which function."""

from __future__ import annotations

import re
from dataclasses import dataclass

from supervisor.rivals.source.found import Branch

_HEADER = 240
_ELSE = re.compile(r"\}\s*else(?:\s+if\b[^{};]*)?\s*$")
_IF = re.compile(r"\bif\b[^{};]*$")
_CATCH = re.compile(r"\}\s*catch\b[^{};]*$")
_TRY = re.compile(r"\btry\s*$")
_RETRY = re.compile(r"\bcatch\s*\([^{};]*=>\s*$|\bcatch\s*\(\s*(?:async\s+)?function\b[^{};]*$")
_FUNCTION = re.compile(
    r"\bfunc(?:tion)?\s+(?:\([^)]*\)\s*)?(?P<a>\w+)\s*\([^{};]*$"
    r"|\b(?P<b>\w+)\s*[=:]\s*(?:async\s*)?(?:\([^{};]*\)|\w+)\s*(?::[^{};=]*)?=>\s*$"
    r"|\b(?P<c>\w+)\s*[=:]\s*(?:async\s+)?function\b[^{};]*$"
    r"|(?<![.\w])(?P<d>\w+)\s*\([^{};()]*\)\s*(?::[^{};=()]*)?$"
)


@dataclass(slots=True)
class Block:
    """From brace to brace. `chain` and `arm`: the fork and the arm of it that this block is; 0 for no fork."""

    start: int
    end: int
    chain: int
    arm: int
    function: str
    retries: bool


class Blocks:
    """All blocks of one text, in the order in which they open."""

    def __init__(self, code: str) -> None:
        self._blocks: list[Block] = []
        stack: list[Block] = []
        closed: dict[int, Block] = {}  # by where it ended, for the `else` after it
        last = -1
        for match in re.finditer(r"[{}]", code):
            at = match.start()
            if match.group() == "{":
                block = _open(code[max(0, at - _HEADER) : at], at, closed.get(last))
                block.end = len(code)
                self._blocks.append(block)
                stack.append(block)
            elif stack:
                last = at
                stack[-1].end = at
                closed[at] = stack.pop()

    def branch(self, position: int) -> Branch:
        return tuple((block.chain, block.arm) for block in self._around(position) if block.chain)

    def function(self, position: int) -> str:
        names = [block.function for block in self._around(position) if block.function]
        return names[-1] if names else ""

    def retries(self, position: int) -> bool:
        """Whether the place is reached only when something failed: in a `catch`."""
        return any(block.retries for block in self._around(position))

    def _around(self, position: int) -> list[Block]:
        return [block for block in self._blocks if block.start < position < block.end]


def _open(header: str, at: int, before: Block | None) -> Block:
    function = ""
    if (named := _FUNCTION.search(header)) and not re.search(r"\b(?:if|for|while|switch|catch)\b[^{};]*$", header):
        function = named["a"] or named["b"] or named["c"] or named["d"] or ""
    if before is not None and before.chain and (_ELSE.search(header) or _CATCH.search(header)):
        return Block(at, at, before.chain, at + 1, function, bool(_CATCH.search(header)))
    fork = bool(_IF.search(header) or _TRY.search(header))
    return Block(at, at, at + 1 if fork else 0, at + 1 if fork else 0, function, bool(_RETRY.search(header)))
