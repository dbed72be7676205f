"""Log text as its author meant it: without colours, escapes, container prefixes and stack frames.

Programs wrap the same sentence in JSON (once, or twice under Docker's json-file driver), in ANSI colours, in
HTML entities. Everything that reads meaning works on what comes out of here. Nothing here knows Telegram.
"""

from __future__ import annotations

import re

_CONTROL = r"(?:\x1b|\\{1,8}(?:u001b|x1b|033|e(?=\[))|\#033|\^\[(?=\[))"
_COLOURS = re.compile(
    rf"""{_CONTROL}\[[0-9;?]{{0,24}}[A-Za-z]       # CSI, also spelled out, as JSON, syslog and cat -v do
    |\x1b\][^\x07\x1b]{{0,512}}(?:\x07|\x1b\\)      # OSC: terminal titles and links
    |\x1b[()][A-Z0-9]
    |\[(?:\d{{1,3}};?){{1,5}}m                      # the escape character was lost on the way
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ESCAPES = re.compile(r"""\\{1,16}(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrt"'`/]))""")
_LETTERS = {"n": "\n", "r": "\n", "t": "\t"}
_ENTITIES = re.compile(r"&(#39|#x27|apos|quot|#34|lt|gt|amp);", re.IGNORECASE)
_ENTITY = {"#39": "'", "#x27": "'", "apos": "'", "quot": '"', "#34": '"', "lt": "<", "gt": ">", "amp": "&"}
_QUOTES = str.maketrans("’‘ʼ′＇", "'''''")

_PREFIX = re.compile(
    r"""\s{0,4}(?:
        [\w.\-/]{1,64}\s{0,40}\|\s?                            # docker compose, pm2, honcho
      | \d{4}-\d\d-\d\dT[\d:.]{8,20}(?:Z|[+-]\d\d:?\d\d)\s(?:std(?:out|err)\s[FP]\s|\S{1,40}\[[^\]\n]{1,40}\]:\s)
      | [A-Z][a-z]{2}\s[\s\d]\d\s\d\d:\d\d:\d\d\s\S{1,64}\s\S{1,64}?\[\d{1,8}\]:\s   # syslog, journald
    )""",
    re.VERBOSE,
)

_FRAMES = re.compile(
    r"""
      ^[ \t]*File[ ]".{1,400}",[ ]line[ ]\d+.*$(?:\n(?![ \t]*File[ ]")[ \t]+.*$)*   # Python: place, code, carets
    | ^[ \t]+at[ ][^"\n]{1,400}                                                     # Node, Java, C#
    | ^[ \t]*[~^][~^ ]*$
    | ^[ ]{1,4}[0-9]{1,3}:[ ].{0,400}$ | ^[#]\d{1,3}[ ].{0,400}$                    # Rust, PHP
    """,
    re.VERBOSE | re.MULTILINE,
)


def _unescape(found: re.Match[str]) -> str:
    wide, narrow, letter = found.groups()
    if letter:
        return _LETTERS.get(letter, letter)
    return chr(int(wide or narrow, 16))


def colourless(text: str) -> str:
    """`text` without colour codes and the carriage returns of progress bars."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _COLOURS.sub("", text) if "[" in text or "\x1b" in text else text


def unescaped(text: str) -> str:
    """`text` with its JSON, repr and HTML escapes resolved, however often they were applied."""
    if "\\" in text:
        text = _COLOURS.sub("", _ESCAPES.sub(_unescape, text))
    if "&" in text:
        text = _ENTITIES.sub(lambda found: _ENTITY[found[1].lower()], text)
    return text.translate(_QUOTES) if not text.isascii() else text


def unprefixed(line: str) -> str:
    """`line` without what a log collector put before it."""
    found = _PREFIX.match(line)
    return line[found.end() :] if found else line


def frameless(text: str) -> str:
    """`text` without stack frames: they quote source code, which talks of errors that did not happen."""
    return _FRAMES.sub("", text)
