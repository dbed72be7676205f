"""The supervisor as a whole: built once, run until a signal, taken down in order. `run` is the way in."""

from supervisor.daemon.main import run

__all__ = ["run"]
