"""Reads JavaScript, TypeScript and the other languages by pattern, on text without comments and strings.

Knows the names that libraries give to polling. What a pattern cannot decide (is this `start` a bot's?) it leaves out.
"""

from __future__ import annotations

import posixpath
import re
from itertools import islice

from supervisor.rivals.source.blocks import Blocks
from supervisor.rivals.source.found import FileFacts, Found, Kind, Launch
from supervisor.rivals.source.strip import LANGUAGES, Stripped, strip

_IMPORT = re.compile(r"""(?:\bfrom|\brequire\s*\(|\bimport\s*\(?|\buse)\s*["']([^"'\n]{1,200})["']""")
_PHP_IMPORT = re.compile(r"""\b(?:require|include)(?:_once)?\b[ (]*(?:__DIR__\s*\.\s*)?["']/?([^"'\n]{1,200})["']""")
_RUBY_IMPORT = re.compile(r"""\brequire_relative[ (]*["']([^"'\n]{1,200})["']""")
_GO_IMPORT = re.compile(r'^[ \t]*+(?:import[ \t]+)?(?:[\w.]+[ \t]+)?"([\w./-]+)"[ \t]*$', re.MULTILINE)
_IMPORTS = {"go": _GO_IMPORT, "php": _PHP_IMPORT, "ruby": _RUBY_IMPORT}
_NEW = re.compile(r"\b(\w+)\s*(?::\s*\w+[^=;\n]{0,40})?=\s*new\s+(?:\w+\.)?(\w+)\s*(?:<[^>\n]*>)?\s*\(")
_REQUEST = re.compile(r"/(getupdates|setwebhook)\b", re.IGNORECASE)
_EMPTY = re.compile(r"""\(\s*(?:\)|["']\s*["']\s*\)|\{\s*url\s*:\s*["']\s*["'])""")

NODE: tuple[tuple[str, Kind, str], ...] = (
    (r"\bpolling\s*:\s*(?:true\b|\{)", Kind.POLLING, "polling: true"),
    (r"\.startPolling\s*\(", Kind.POLLING, "startPolling()"),
    (r"\b([\w.]+)\.launch\s*\(", Kind.POLLING, "launch()"),
    (r"\b([\w.]+)\.start\s*\(\s*[){]", Kind.POLLING, "start()"),
    (r"(?<![.\w])run\s*\(\s*([\w.]+)\s*[,)]", Kind.POLLING, "run(bot)"),
    (r"\bTelegrafModule\.forRoot(?:Async)?\s*\(", Kind.POLLING, "TelegrafModule.forRoot()"),
    (r"\.getUpdates\s*\(", Kind.GET_UPDATES, "getUpdates()"),
    (r"\.setWeb[hH]ook\s*\(", Kind.WEBHOOK, "setWebhook()"),
    (r"\bcluster\.fork\s*\(", Kind.WORKERS, "cluster.fork()"),
)
OTHERS: dict[str, tuple[tuple[str, Kind, str], ...]] = {
    "go": (
        (r"\.GetUpdatesChan\s*\(", Kind.POLLING, "GetUpdatesChan()"),
        (r"\.StartPolling\s*\(", Kind.POLLING, "StartPolling()"),
        (r"\.UpdatesViaLongPolling\s*\(", Kind.POLLING, "UpdatesViaLongPolling()"),
        (r"\b(?:go\s+)?b(?:ot)?\.Start\s*\(\s*(?:\w*[cC]tx\w*)?\s*\)", Kind.POLLING, "Start()"),
        (r"\.GetUpdates\s*\(", Kind.GET_UPDATES, "GetUpdates()"),
        (r"\.SetWebhook\s*\(|\bNewWebhook\s*\(", Kind.WEBHOOK, "SetWebhook()"),
    ),
    "php": (
        (r"->handleGetUpdates\s*\(", Kind.POLLING, "handleGetUpdates()"),
        (r"\bPolling::class\b", Kind.POLLING, "Polling::class"),
        (r"->getUpdates\s*\(", Kind.GET_UPDATES, "getUpdates()"),
        (r"->setWebhook\s*\(", Kind.WEBHOOK, "setWebhook()"),
    ),
    "ruby": (
        (r"\bClient\.run\s*\(", Kind.POLLING, "Client.run()"),
        (r"\.get_updates\b", Kind.GET_UPDATES, "get_updates()"),
        (r"\.set_webhook\b", Kind.WEBHOOK, "set_webhook()"),
    ),
    "java": (
        (r"\.registerBot\s*\(", Kind.POLLING, "registerBot()"),
        (r"\.setUpdatesListener\s*\(", Kind.POLLING, "setUpdatesListener()"),
        (r"\bnew\s+SetWebhook\s*\(", Kind.WEBHOOK, "SetWebhook"),
    ),
    "kotlin": (
        (r"\.startPolling\s*\(", Kind.POLLING, "startPolling()"),
        (r"\bbuildBehaviourWithLongPolling\s*\(", Kind.POLLING, "buildBehaviourWithLongPolling()"),
        (r"\.registerBot\s*\(", Kind.POLLING, "registerBot()"),
    ),
    "rust": (
        (r"\bteloxide::repl\s*\(|\bCommand::repl\s*\(", Kind.POLLING, "repl()"),
        (r"\bDispatcher::builder\s*\(", Kind.POLLING, "Dispatcher::builder()"),
        (r"\.get_updates\s*\(", Kind.GET_UPDATES, "get_updates()"),
    ),
    "csharp": (
        (r"\.StartReceiving\s*[(<]", Kind.POLLING, "StartReceiving()"),
        (r"\.ReceiveAsync\s*[(<]", Kind.POLLING, "ReceiveAsync()"),
        (r"\.GetUpdates(?:Async)?\s*\(", Kind.GET_UPDATES, "GetUpdates()"),
        (r"\.SetWebhook(?:Async)?\s*\(", Kind.WEBHOOK, "SetWebhook()"),
    ),
    "python": (
        (r"\.(?:run_polling|infinity_polling|polling|start_polling)\s*\(", Kind.POLLING, "polling()"),
        (r"\.get_?[uU]pdates\s*\(", Kind.GET_UPDATES, "get_updates()"),
        (r"\.(?:set_webhook|run_webhook|setWebhook)\s*\(\s*[^)\s]", Kind.WEBHOOK, "set_webhook()"),
    ),
}
NEEDS = {
    "polling: true": ("telegram",),
    "launch()": ("telegraf",),
    "launch({ webhook })": ("telegraf",),
    "start()": ("grammy", "gramio"),
    "run(bot)": ("grammyjs/runner", "grammy_runner"),
}
"""Calls that mean polling only in a project that uses one of these packages."""

BESIDE = frozenset(["GetUpdatesChan()", "StartPolling()", "UpdatesViaLongPolling()"])
"""Calls of Go libraries that return while a goroutine polls."""

_MAKERS = {"launch()": "Telegraf", "start()": "Bot", "run(bot)": "Bot"}
_MOST = 50


def read_text(path: str, text: str) -> FileFacts:
    language = LANGUAGES[posixpath.splitext(path)[1].lower()]
    facts = FileFacts(path, language)
    source = strip(text, language)
    facts.imports = set(_IMPORTS.get(language, _IMPORT).findall(source.spoken))
    facts.libraries = {name for name in facts.imports if not name.startswith(".")}
    facts.root = True
    reader = _Reader(facts, source)
    for pattern, kind, call in NODE if language == "node" else OTHERS.get(language, ()):
        for match in islice(re.finditer(pattern, source.code), _MOST):
            reader.note(match, kind, call)
    reader.note_requests()
    if language == "node":
        reader.note_repeats()
    return facts


class _Reader:
    def __init__(self, facts: FileFacts, source: Stripped) -> None:
        self._facts = facts
        self._source = source
        self._blocks: Blocks | None = None
        self._made = dict(_NEW.findall(source.code))

    def note(self, match: re.Match[str], kind: Kind, call: str) -> None:
        receiver = match[1] if match.re.groups else ""
        at = match.start()
        after = self._source.spoken[match.end() - 1 : match.end() + 240]
        if call in _MAKERS and not self._is_bot(receiver, call):
            return
        if kind is Kind.WEBHOOK and _EMPTY.match(after):
            return
        if kind is Kind.POLLING and re.search(r"\bautoStart\s*:\s*false|\blaunchOptions\s*:\s*false", after):
            return
        if call == "launch()" and re.match(r"\(\s*\{\s*webhook\b", after):
            kind, call = Kind.WEBHOOK, "launch({ webhook })"
        token = _token(self._source, at) if call == "polling: true" else None
        if kind is Kind.POLLING and self._retries(at):
            return  # a `catch`: started again after it failed
        self._add(at, kind, call, receiver, token)

    def note_requests(self) -> None:
        """Addresses in strings: a program that calls the Bot API by hand."""
        for match in islice(_REQUEST.finditer(self._source.spoken), _MOST):
            line = self._source.spoken[: match.start()].rpartition("\n")[2]
            if re.search(r"\b(?:console\.\w+|log\w*|print\w*|echo|puts)\b", line) and "curl" not in line:
                continue
            if self._source.code[match.start() : match.end()] == match.group() and self._facts.language != "shell":
                continue  # code, a division, not an address
            kind = Kind.GET_UPDATES if match[1].lower() == "getupdates" else Kind.WEBHOOK
            name = "getUpdates" if kind is Kind.GET_UPDATES else "setWebhook"
            self._add(match.start(), kind, f"a request to {name}", "", None)

    def note_repeats(self) -> None:
        """Calls of a function that starts polling; two with the same arguments may start two loops."""
        for name in {one.function for one in self._facts.found if one.kind is Kind.POLLING and one.function}:
            call = rf"(?<![.\w]){re.escape(name)}\s*\(([^()]{{0,200}})\)(?!\s*\{{|\s*:\s*\w+[^;\n]{{0,80}}\{{)"
            for match in islice(re.finditer(call, self._source.code), _MOST):
                before = self._source.code[: match.start()].rstrip()[-40:]
                if before.endswith("function") or self._retries(match.start()) or _stops(self._source.code):
                    continue
                self._facts.launches.append(
                    Launch(
                        self._facts.path,
                        self._source.line(match.start()),
                        name,
                        match[1].strip(),
                        self._all().branch(match.start()),
                        self._all().function(match.start()),
                    )
                )

    def _is_bot(self, receiver: str, call: str) -> bool:
        """A browser has `launch` and a server has `start` as well."""
        last = receiver.rpartition(".")[2]
        return self._made.get(receiver) == _MAKERS[call] or last.lower().endswith("bot")

    def _retries(self, at: int) -> bool:
        near = self._source.code[max(0, at - 80) : at]
        return self._all().retries(at) or bool(re.search(r"\.catch\s*\([^{};]*$", near))

    def _all(self) -> Blocks:
        if self._blocks is None:
            self._blocks = Blocks(self._source.code)
        return self._blocks

    def _add(self, at: int, kind: Kind, call: str, receiver: str, token: str | None) -> None:
        blocks = self._all()
        self._facts.found.append(
            Found(
                self._facts.path,
                self._source.line(at),
                kind,
                call,
                _library(call, self._facts.language),
                self._facts.language == "node" or call in BESIDE or self._source.code.startswith("go ", at),
                blocks.branch(at),
                blocks.function(at),
                receiver=receiver,
                token=token,
            )
        )


def _token(source: Stripped, at: int) -> str | None:
    """Of `new TelegramBot(process.env.NAME, {polling: true})`: the variable's name, when it is one."""
    made = list(re.finditer(r"\bnew\s+\w+\s*\(\s*process\.env\.(\w+)\s*[,!]", source.spoken[max(0, at - 400) : at]))
    return f"env:{made[-1][1]}" if made else None


def _stops(code: str) -> bool:
    return bool(re.search(r"\.stopPolling\s*\(|\bbot\.stop\s*\(", code))


def _library(call: str, language: str) -> str:
    if language != "node":
        return language
    if call in {"polling: true", "startPolling()"}:
        return "node-telegram-bot-api"
    return {"launch()": "telegraf", "TelegrafModule.forRoot()": "nestjs-telegraf", "start()": "grammy"}.get(
        call, call
    )
