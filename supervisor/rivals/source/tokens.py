"""Where each bot of a Python file has its token from, so that two bots of one program are not called one.

Only what is certain is told: an environment variable by its name, a literal by a hash. Holds no token.
"""

from __future__ import annotations

import ast
import hashlib

BOTS = frozenset(["Bot", "TeleBot", "AsyncTeleBot", "Updater"])
_DEEP = 4


class Tokens:
    """The names of one file that hold bots, and of the constants their tokens come from."""

    def __init__(self, tree: ast.Module) -> None:
        self._values: dict[str, ast.expr | None] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                # A name that is set twice can be either.
                self._values[name] = None if name in self._values else node.value

    def of_call(self, call: ast.Call) -> str | None:
        """Of the bot that this call starts: its receiver, or the one bot it is given."""
        if isinstance(call.func, ast.Attribute) and (token := self._of_bot(call.func.value)):
            return token
        bots = [self._of_bot(argument) for argument in call.args]
        return bots[0] if len(bots) == 1 else None

    def of_receiver(self, receiver: ast.expr) -> str | None:
        return self._of_bot(receiver)

    def _of_bot(self, node: ast.expr | None, deep: int = _DEEP) -> str | None:
        if isinstance(node, ast.Name) and deep:
            return self._of_bot(self._values.get(node.id), deep - 1)
        while isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in BOTS or name == "token":
                given = [word.value for word in node.keywords if word.arg == "token"] + node.args[:1]
                return self._source(given[0]) if given else None
            node = node.func.value if isinstance(node.func, ast.Attribute) else None
        if isinstance(node, ast.Attribute):  # application.updater
            return self._of_bot(node.value, deep - 1) if deep else None
        return None

    def _source(self, node: ast.expr | None, deep: int = _DEEP) -> str | None:
        match node:
            case ast.Name() if deep:
                return self._source(self._values.get(node.id), deep - 1)
            case ast.Constant(value=str() as text):
                return "literal:" + hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]
            case ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str() as name)):
                return f"env:{name}"
            case ast.Call(func=ast.Attribute(attr="getenv" | "get"), args=[ast.Constant(value=str() as name), *_]):
                return f"env:{name}"
        return None
