"""How a bot is started: its command line, and the files that hold one (package.json, Procfile, Dockerfile, pm2's).

Finds the program's entry file and the habits that start it twice. Reads no code.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from supervisor.rivals.source.found import Found, Kind

COMMAND = "(command line)"
_CODE = re.compile(r"[\w./@-]+\.(?:py|[mc]?[jt]s|tsx|go|php|rb|sh|json|ya?ml)\Z")
_PM2_FILE = re.compile(r"(?:ecosystem|pm2|process)[\w.-]*\.(?:[mc]?js|json|ya?ml)\Z")
_DEEP = 5

LINES: tuple[tuple[str, Kind, str], ...] = (
    (
        r"\b(?:uvicorn|gunicorn|hypercorn|granian|fastapi)\b.*\s(?:--workers[= ]\s*|-w\s*=?)(?:[2-9]|[1-9]\d+|\$)",
        Kind.WORKERS,
        "more than one worker",
    ),
    (r"\bWEB_CONCURRENCY\s*[=:]\s*[\"']?(?:[2-9]|[1-9]\d+)\b", Kind.WORKERS, "WEB_CONCURRENCY above 1"),
    (r"\bpm2(?:-runtime|-docker)?\b.*\s(?:-i|--instances)[= ]\s*(?:max|0|-\d|[2-9]|[1-9]\d+)\b", Kind.PM2, "pm2 -i"),
    (r"\b(?:uvicorn|gunicorn|hypercorn|granian|sanic)\b.*\s--reload\b", Kind.RELOAD, "--reload"),
    (r"\bflask\b.*\s(?:--debug|--reload)\b|\bFLASK_DEBUG\s*=\s*[\"']?(?:1|true)", Kind.FLASK, "flask --debug"),
    (r"\bnodemon\b", Kind.RELOAD, "nodemon"),
    (r"\btsx\s+(?:watch\b|--watch\b)|\bts-node-dev\b|\btsnd\b", Kind.RELOAD, "tsx watch or ts-node-dev"),
    (r"\b(?:node|bun|deno)\b.*\s--(?:watch|hot)\b", Kind.RELOAD, "--watch"),
    (r"\bwatchmedo\s+auto-restart\b|\bwatchfiles\b|\bcargo\s+watch\b", Kind.RELOAD, "a file watcher"),
    (r"/getupdates\b", Kind.HEALTH, "a request to getUpdates"),
)


@dataclass(slots=True)
class Start:
    """What was learnt: entry files, and places by whether the bot's own command gets there."""

    entries: list[str] = field(default_factory=list)
    reached: list[Found] = field(default_factory=list)
    beside: list[Found] = field(default_factory=list)

    @property
    def known(self) -> bool:
        return bool(self.entries)


def read_start(command: Sequence[str], texts: Mapping[str, str]) -> Start:
    """`texts`: all files by path. Without a command (an image decides) a Dockerfile's or a Procfile's is taken."""
    start = Start()
    own = [(COMMAND, 0, shlex.join(command))] if command else list(_default(texts))
    reached: dict[tuple[str, int], None] = {}
    for path, line, words in own:
        _follow(path, line, words, texts, start, reached, _DEEP)
    for path, line, words in _written(texts):
        if (path, line) in reached:
            continue
        health = re.search(r"\bHEALTHCHECK\b|^\s*test\s*:", words) is not None
        for found in _places(path, line, words):
            # A health check runs beside whatever the command is.
            (start.reached if health else start.beside).append(found)
    under_pm2 = not command or any(posixpath.basename(word).startswith("pm2") for word in command)
    (start.reached if under_pm2 else start.beside).extend(_pm2(texts))
    return start


def _follow(
    path: str,
    line: int,
    words: str,
    texts: Mapping[str, str],
    start: Start,
    reached: dict[tuple[str, int], None],
    deep: int,
) -> None:
    """One command line, and the script it runs in turn: `npm start`, `sh run.sh`."""
    if not deep or (path, line) in reached:
        return
    reached[path, line] = None
    start.reached += _places(path, line, words)
    for inner in _inner(words, texts):
        _follow(*inner, texts, start, reached, deep - 1)
    for entry in _entries(words, texts):
        if entry.endswith(".sh"):
            for number, text in enumerate(texts[entry].splitlines()[:200], 1):
                _follow(entry, number, text, texts, start, reached, deep - 1)
        elif _PM2_FILE.search(posixpath.basename(entry)):
            scripts = " ".join(re.findall(r"""\bscript["']?\s*:\s*["']([^"'\n]+)["']""", texts[entry]))
            _follow(entry, 0, scripts, texts, start, reached, deep - 1)
        elif entry not in start.entries:
            start.entries.append(entry)


def _inner(words: str, texts: Mapping[str, str]) -> Iterator[tuple[str, int, str]]:
    """The line of package.json that `npm start`, `yarn bot` or `bun run bot` runs."""
    match = re.search(r"\b(?:npm|yarn|pnpm|bun)\s+(?:run(?:-script)?\s+)?(?:-\S+\s+)*([\w:.-]+)", words)
    if match:
        for name, line, script in _scripts(texts):
            if name == match[1]:
                yield "package.json", line, script


def _entries(words: str, texts: Mapping[str, str]) -> Iterator[str]:
    try:
        tokens = shlex.split(words)
    except ValueError:
        tokens = words.split()
    tokens = [part for token in tokens for part in ([*token.split(), token] if " " in token else [token])]
    for number, token in enumerate(tokens):
        before = tokens[number - 1] if number else ""
        name = posixpath.normpath(token)
        if _CODE.fullmatch(token):
            # Absolute in an image or on this host: the folder's own part is its end.
            tails = ["/".join(name.lstrip("/").split("/")[cut:]) for cut in range(name.count("/") + 1)]
            yield from [tail for tail in tails if tail in texts][:1]
        elif before == "-m" or re.fullmatch(r"[\w.]+:\w+(?:\(\))?", token):
            yield from _module(token.partition(":")[0], texts)
        elif before in {"node", "bun", "tsx"} and (found := _node_file(name, texts)):
            yield found


def _module(name: str, texts: Mapping[str, str]) -> list[str]:
    base = name.replace(".", "/")
    tries = [f"{top}{base}{end}" for top in ("", "src/") for end in (".py", "/__main__.py", "/__init__.py")]
    return [one for one in tries if one in texts][:1]


def _node_file(name: str, texts: Mapping[str, str]) -> str | None:
    tries = [f"{name}.js", f"{name}/index.js", *(["index.js"] if name == "." else [])]
    return next((one for one in tries if one in texts), None)


def _default(texts: Mapping[str, str]) -> Iterator[tuple[str, int, str]]:
    """What an image or a host would start by itself."""
    for path in sorted(texts):
        name = posixpath.basename(path)
        if name.startswith(("Dockerfile", "Containerfile")):
            commands = [one for one in _lines(path, texts[path]) if re.match(r"\s*(?:CMD|ENTRYPOINT)\b", one[2])]
            yield from commands[-2:]
        elif path == "Procfile":
            yield from _lines(path, texts[path])


def _written(texts: Mapping[str, str]) -> Iterator[tuple[str, int, str]]:
    """Every line of every file that starts programs."""
    for path, text in texts.items():
        name = posixpath.basename(path)
        if name.startswith(("Dockerfile", "Containerfile", "Procfile")) or re.search(r"compose.*\.ya?ml\Z", name):
            yield from _lines(path, text)
        elif name in {"gunicorn.conf.py", "gunicorn_config.py"}:
            for path_, line, words in _lines(path, text):
                several = re.match(r"\s*workers\s*=\s*(?:[2-9]|[1-9]\d|.*cpu_count)", words)
                yield path_, line, "gunicorn --workers 2" if several else ""
        elif path == "package.json":
            for _, line, script in _scripts(texts):
                yield path, line, script


def _lines(path: str, text: str) -> Iterator[tuple[str, int, str]]:
    """Lines without comments; one that a backslash continues is one, and exec form reads like a shell's."""
    whole, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*#", line):
            continue
        first = first or number
        whole += line.rstrip("\\ ") + " "
        if not line.rstrip().endswith("\\"):
            yield path, first, re.sub(r"[\[\]\",]", " ", whole)
            whole, first = "", 0


def _scripts(texts: Mapping[str, str]) -> Iterator[tuple[str, int, str]]:
    text = texts.get("package.json", "")
    try:
        scripts = json.loads(text).get("scripts", {})
        pairs = [(str(name), str(script)) for name, script in scripts.items()]
    except (ValueError, AttributeError, RecursionError):
        return
    for name, script in pairs:
        at = text.find(json.dumps(script, ensure_ascii=False))
        yield name, text.count("\n", 0, max(at, 0)) + 1, script


def _places(path: str, line: int, words: str) -> Iterator[Found]:
    for pattern, kind, call in LINES:
        if re.search(pattern, words[:2000], re.IGNORECASE if kind is Kind.HEALTH else 0):
            yield Found(path, line, kind, call)


def _pm2(texts: Mapping[str, str]) -> Iterator[Found]:
    """`instances` and `exec_mode` of pm2's files, as JavaScript, JSON or YAML write them."""
    for path, text in texts.items():
        if not _PM2_FILE.search(posixpath.basename(path)):
            continue
        clean = re.sub(r"(?m)(?<![:\"'])//[^\n]*|^\s*#[^\n]*", lambda match: " " * len(match[0]), text)
        for match in re.finditer(r"""\b(instances|exec_mode)["']?\s*:\s*["']?(-?\w+)""", clean):
            key, value = match.groups()
            several = value in {"max", "0"} or value.startswith("-") or (value.isdigit() and int(value) > 1)
            line = clean.count("\n", 0, match.start()) + 1
            if key == "instances" and several:
                yield Found(path, line, Kind.PM2, f"pm2 instances: {value[:4]}")
            elif key == "exec_mode" and value.startswith("cluster"):
                yield Found(path, line, Kind.PM2, "pm2 exec_mode: cluster", several=False)
