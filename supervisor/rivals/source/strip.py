"""Blanks comments and strings of a text, language by language, so that patterns meet code only.

Every text keeps its length and its lines. It is not a parser: what it cannot tell apart stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# A string that nothing ends is taken to the end of its line: a pattern that can fail late is tried from every quote.
_DOUBLE = r'"(?:[^"\\\n]|\\[\s\S])*+(?:"|\\?\Z|(?=\n))'
_SINGLE = r"'(?:[^'\\\n]|\\[\s\S])*+(?:'|\\?\Z|(?=\n))"
_CHARACTER = r"'(?:[^'\\\n]|\\[^\n]{1,8})'"
_BACKTICK = r"`(?:[^`\\]|\\[\s\S])*+(?:`|\\?\Z)"
_RAW = r"`[^`]*+(?:`|\Z)"
_TRIPLE = r'"""[\s\S]*?(?:"""|\Z)|' + r"'''[\s\S]*?(?:'''|\Z)"
_SLASHES = r"//[^\n]*|/\*[\s\S]*?(?:\*/|\Z)"
_HASH = r"#[^\n]*"
_REGEX = r"(?<=[(,=:\[!&|?{};])[ \t]*/(?![/*])(?:[^/\\\n\[]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*\])+/"

_COMMENTS = {
    "node": _SLASHES,
    "go": _SLASHES,
    "rust": _SLASHES,
    "java": _SLASHES,
    "csharp": _SLASHES,
    "kotlin": _SLASHES,
    "php": f"{_SLASHES}|{_HASH}",
    "python": _HASH,
    "ruby": _HASH,
    "shell": r"(?:(?<=\s)|^)#[^\n]*",
}
_STRINGS = {
    "node": f"{_DOUBLE}|{_SINGLE}|{_BACKTICK}|{_REGEX}",
    "go": f"{_DOUBLE}|{_CHARACTER}|{_RAW}",
    "rust": f"{_DOUBLE}|{_CHARACTER}",
    "java": f"{_TRIPLE}|{_DOUBLE}|{_CHARACTER}",
    "csharp": f"{_DOUBLE}|{_CHARACTER}",
    "kotlin": f"{_TRIPLE}|{_DOUBLE}|{_CHARACTER}",
    "php": f"{_DOUBLE}|{_SINGLE}",
    "python": f"{_TRIPLE}|{_DOUBLE}|{_SINGLE}",
    "ruby": f"{_DOUBLE}|{_SINGLE}",
    "shell": f"{_DOUBLE}|{_SINGLE}",
}
_PATTERNS = {
    language: re.compile(f"(?P<string>{_STRINGS[language]})|(?P<comment>{_COMMENTS[language]})", re.MULTILINE)
    for language in _COMMENTS
}
LANGUAGES = {
    ".py": "python",
    **dict.fromkeys([".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx"], "node"),
    ".go": "go",
    ".php": "php",
    ".rb": "ruby",
    ".java": "java",
    ".kt": "kotlin",
    ".rs": "rust",
    ".cs": "csharp",
    ".sh": "shell",
}


@dataclass(frozen=True, slots=True)
class Stripped:
    """`code`: neither comments nor what stands in strings. `spoken`: without comments only."""

    code: str
    spoken: str

    def line(self, position: int) -> int:
        return self.code.count("\n", 0, position) + 1


def strip(text: str, language: str) -> Stripped:
    pattern = _PATTERNS[language]
    code = pattern.sub(lambda match: _blank(match, strings=True), text)
    return Stripped(code, pattern.sub(lambda match: _blank(match, strings=False), text))


def _blank(match: re.Match[str], *, strings: bool) -> str:
    whole = match.group()
    if match.group("comment") is not None:
        return re.sub(r"[^\n]", " ", whole)
    return whole[0] + re.sub(r"[^\n]", " ", whole[1:-1]) + whole[-1] if strings and len(whole) > 1 else whole
