"""The name of a tmux session, which only its server knows."""

from __future__ import annotations

from dataclasses import replace

from supervisor.model.rivals import OwnerKind, Rival
from supervisor.rivals.commands import Run, text, words_of
from supervisor.rivals.processes import environ_of, read_process

_TIMEOUT = 2.0


async def with_session_name(rival: Rival, run: Run, environ: dict[str, str]) -> Rival:
    """The rival with `session NAME` as its owner's name, where its server answers; else as it was."""
    if rival.owner.kind is not OwnerKind.TMUX:
        return rival
    variables = environ_of(rival.pid)
    process = read_process(rival.pid)
    socket, pane = variables.get("TMUX", "").partition(",")[0], variables.get("TMUX_PANE", "")
    if process is None or not socket.startswith("/") or not pane.startswith("%"):
        return rival
    question = text("tmux", "-S", socket, "display-message", "-p", "-t", pane, "#{session_name}", uid=process.uid)
    try:
        code, answer = await run(words_of(question), environ, _TIMEOUT)
    except OSError:  # a TimeoutError is one
        return rival
    if code or not answer.strip():
        return rival
    return replace(rival, owner=replace(rival.owner, name=f"session {answer.strip().splitlines()[0]}"))
