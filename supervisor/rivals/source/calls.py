"""Which calls of a Python file start polling, set a webhook or start the program anew, library by library."""

from __future__ import annotations

import ast

from supervisor.rivals.source.found import FileFacts, Found, Kind, Launch, Place
from supervisor.rivals.source.tokens import Tokens

POLLS = frozenset(
    ["run_polling", "start_polling", "infinity_polling", "polling", "message_loop", "run_as_thread", "long_polling"]
)
RETURNS = frozenset(["message_loop", "run_as_thread"])
SETS_WEBHOOK = frozenset(["set_webhook", "setWebhook", "run_webhook", "start_webhook", "run_webhooks"])
GETS = frozenset(["get_updates", "getUpdates", "GetUpdates"])
TALKS = frozenset(["print", "debug", "info", "warning", "error", "exception", "critical", "log", "echo"])
SERVERS = frozenset(["flask", "quart", "flask_socketio"])


class Calls:
    """Writes what the calls of one file mean into its facts."""

    def __init__(self, facts: FileFacts, tokens: Tokens) -> None:
        self._facts = facts
        self._tokens = tokens
        self._spoken: set[int] = set()  # strings that are only printed

    def note(self, node: ast.Call, name: str, place: Place) -> None:
        if name in TALKS:
            self._spoken |= {id(child) for argument in node.args for child in ast.walk(argument)}
        elif name in POLLS and self._is_polling(node, name):
            self._note_polling(node, name, place)
        elif name in SETS_WEBHOOK and _has_address(node):
            self._add(node, Kind.WEBHOOK, f"{name}()", place)
        elif name in GETS:
            self._add(node, Kind.GET_UPDATES, f"{name}()", place)
        elif name == "run":
            self._note_run(node, place)

    def note_launch(self, node: ast.Call, place: Place, *, coroutines: bool) -> None:
        """`Thread(target=f)`, `create_task(f())`: each function that starts beside the rest."""
        given = next((ast.dump(word.value) for word in node.keywords if word.arg in {"args", "kwargs"}), "")
        # submit(f, token) passes its arguments after the function, gather(f(), g()) does not
        after = [one for one in node.args if not isinstance(one, ast.Call)][1:]
        for one in [*node.args, *(word.value for word in node.keywords if word.arg in {"target", "func", "coro"})]:
            call, args = (one.func, one.args) if isinstance(one, ast.Call) and coroutines else (one, after)
            name = call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "")
            if name:
                told = given + "".join(ast.dump(argument) for argument in args)
                self._facts.launches.append(
                    Launch(self._facts.path, one.lineno, name, told, place.branch, place.function)
                )

    def note_attribute(self, node: ast.Attribute, place: Place) -> None:
        """A method that is handed to a thread and not called here: `Thread(target=bot.polling)`."""
        if node.attr in POLLS:
            token = self._tokens.of_receiver(node.value)
            self._add(node, Kind.POLLING, f"{node.attr}()", place, _name(node.value), token)

    def note_string(self, node: ast.Constant | ast.JoinedStr, place: Place) -> None:
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str))
        if id(node) in self._spoken or "/" not in text:
            return
        if "/getupdates" in text.lower():
            self._add(node, Kind.GET_UPDATES, "a request to getUpdates", place)
        elif "/setwebhook" in text.lower():
            self._add(node, Kind.WEBHOOK, "a request to setWebhook", place)

    def _is_polling(self, node: ast.Call, name: str) -> bool:
        if isinstance(node.func, ast.Name):
            return name in {"start_polling", "long_polling"}
        return name != "polling" or not node.args or isinstance(node.args[0], ast.Constant)

    def _note_polling(self, node: ast.Call, name: str, place: Place) -> None:
        receiver = _name(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        returns = name in RETURNS or (name == "start_polling" and receiver.endswith("updater"))
        self._add(node, Kind.POLLING, f"{name}()", place, receiver, self._tokens.of_call(node), beside=returns)

    def _note_run(self, node: ast.Call, place: Place) -> None:
        words = {word.arg: word.value for word in node.keywords}
        receiver = _name(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        if SERVERS & self._facts.libraries and receiver and receiver not in {"asyncio", "uvicorn", "subprocess"}:
            if _is(words.get("debug"), True) and not _is(words.get("use_reloader"), False):
                self._add(node, Kind.FLASK, "run(debug=True)", place)
            elif _is(words.get("use_reloader"), True):
                self._add(node, Kind.FLASK, "run(use_reloader=True)", place)
        if receiver in {"uvicorn", "hypercorn"} or "workers" in words:
            workers = words.get("workers")
            if isinstance(workers, ast.Constant) and isinstance(workers.value, int) and workers.value > 1:
                self._add(node, Kind.WORKERS, f"run(workers={workers.value})", place)
            if _is(words.get("reload"), True):
                self._add(node, Kind.RELOAD, "run(reload=True)", place)

    def _add(
        self,
        node: ast.expr,
        kind: Kind,
        call: str,
        place: Place,
        receiver: str = "",
        token: str | None = None,
        *,
        beside: bool = False,
    ) -> None:
        self._facts.found.append(
            Found(
                self._facts.path,
                node.lineno,
                kind,
                call + (" in the background" if place.background and kind is Kind.POLLING else ""),
                "python",
                place.background or beside,
                place.branch,
                place.function,
                place.guarded,
                receiver,
                token,
            )
        )


def _name(node: ast.expr) -> str:
    """`app.updater` as written; "" for anything but plain names."""
    if isinstance(node, ast.Attribute):
        before = _name(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def _is(node: ast.expr | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _has_address(node: ast.Call) -> bool:
    """`set_webhook()` and `set_webhook("")` remove one."""
    given = [word.value for word in node.keywords if word.arg in {"url", "webhook_url", None}] + node.args
    named = [word for word in node.keywords if word.arg in {"listen", "port", "webhook_path"}]
    return bool(named) or any(not (isinstance(one, ast.Constant) and not one.value) for one in given)
