"""Reads a Python file with `ast`: comments, strings and docstrings cannot mislead it, and forks are understood.

Draws no conclusions across files. A file that does not parse is left to the patterns of text.py.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace

from supervisor.rivals.source.calls import Calls
from supervisor.rivals.source.found import FileFacts, Place
from supervisor.rivals.source.tokens import Tokens

RUNS_FUNCTION = frozenset(
    [
        "Thread",
        "Process",
        "submit",
        "run_in_executor",
        "to_thread",
        "start_new_thread",
        "add_job",
        "Greenlet",
        "spawn",
    ]
)
"""Callables that run the function they are given beside the rest; a call among their arguments runs before."""

RUNS_COROUTINE = frozenset(
    ["create_task", "ensure_future", "gather", "start_soon", "run_coroutine_threadsafe", "create_background_task"]
)
"""Callables that run the coroutine they are given beside the rest; it comes from a call among their arguments."""


def read_python(path: str, text: str) -> FileFacts | None:
    """The facts, or None when it cannot be parsed (Python 2, a template, a newer Python than ours)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        facts = FileFacts(path, "python")
        facts.imports, facts.libraries = imported(tree)
        _Reader(facts, tree).block(tree.body, Place())
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):  # the last: CPython gh-106905
        return None
    return facts


def imported(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Module names as written ("a.b", "..c" relative), and the outermost names of all."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            names.add(base)
            names |= {f"{base}{'' if base.endswith('.') or not base else '.'}{alias.name}" for alias in node.names}
    return names, {name.partition(".")[0] for name in names if not name.startswith(".")}


class _Reader:
    def __init__(self, facts: FileFacts, tree: ast.Module) -> None:
        self._facts = facts
        self._calls = Calls(facts, Tokens(tree))

    def block(self, body: Sequence[ast.stmt], place: Place) -> None:
        """Statements in order; what follows an `if` that ends in `return` is its other arm."""
        for statement in body:
            self.visit(statement, place)
            if isinstance(statement, ast.If):
                if _ends(statement.body):
                    place = _arm(place, statement, 1)
                elif statement.orelse and _ends(statement.orelse):
                    place = _arm(place, statement, 0)

    def visit(self, node: ast.AST, place: Place) -> None:
        match node:
            case ast.If():
                self._fork(node, place)
            case ast.IfExp():
                self.visit(node.test, place)
                self.visit(node.body, _arm(place, node, 0))
                self.visit(node.orelse, _arm(place, node, 1))
            case ast.Try():
                self.block(node.body, _arm(place, node, 0))
                for handler in node.handlers:
                    self.block(handler.body, _arm(place, node, 1))
                self.block([*node.orelse, *node.finalbody], place)
            case ast.Match():
                for number, case in enumerate(node.cases):
                    self.block(case.body, _arm(place, node, number))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._all(node.decorator_list, place)
                self.block(node.body, replace(place, function=node.name, background=False))
            case ast.ClassDef() | ast.With() | ast.AsyncWith() | ast.For() | ast.AsyncFor() | ast.While():
                self._all([one for one in ast.iter_child_nodes(node) if not isinstance(one, ast.stmt)], place)
                self.block([*node.body, *getattr(node, "orelse", [])], place)
            case ast.Expr(value=ast.Constant()):
                pass  # a docstring
            case ast.Call():
                self._call(node, place)
            case _:
                self._other(node, place)

    def _fork(self, node: ast.If, place: Place) -> None:
        if _is_main_guard(node.test):
            self._facts.root = True
            self.block(node.body, replace(place, guarded=True))
            self.block(node.orelse, place)
            return
        self.visit(node.test, place)
        self.block(node.body, _arm(place, node, 0))
        self.block(node.orelse, _arm(place, node, 1))

    def _call(self, node: ast.Call, place: Place) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        (self._facts.guarded_calls if place.guarded else self._facts.calls).add(name)
        self._calls.note(node, name, place)
        if name in RUNS_FUNCTION | RUNS_COROUTINE:
            self._calls.note_launch(node, place, coroutines=name in RUNS_COROUTINE)
            self._given(node, replace(place, background=True), place if name in RUNS_FUNCTION else None)
            return
        called = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        self._all([called, *node.args, *node.keywords], place)

    def _given(self, node: ast.Call, beside: Place, before: Place | None) -> None:
        """What a launching call is given; `before`: where a call among its arguments runs, when not beside."""
        for one in [*node.args, *(word.value for word in node.keywords)]:
            self.visit(one, before if before and isinstance(one, ast.Call) else beside)

    def _other(self, node: ast.AST, place: Place) -> None:
        if isinstance(node, ast.Attribute) and place.background:
            self._calls.note_attribute(node, place)
        elif isinstance(node, ast.Constant | ast.JoinedStr):
            self._calls.note_string(node, place)
        self._all(ast.iter_child_nodes(node), place)

    def _all(self, nodes: Iterable[ast.AST], place: Place) -> None:
        for node in nodes:
            self.visit(node, place)


def _arm(place: Place, fork: ast.AST, arm: int) -> Place:
    where = getattr(fork, "lineno", 0) * 10_000 + getattr(fork, "col_offset", 0)
    return replace(place, branch=(*place.branch, (where, arm)))


def _ends(body: Sequence[ast.stmt]) -> bool:
    """Whether nothing after this block runs: it returns, raises or ends the program."""
    last = body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return ast.unparse(last.value.func) in {"sys.exit", "exit", "quit", "os._exit"}
    return isinstance(last, ast.Return | ast.Raise | ast.Continue | ast.Break)


def _is_main_guard(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))
