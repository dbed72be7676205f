"""What can go wrong before the simulator answers its first request; each text says what to do.

SimulatorError
├── NotLoopback     asked to listen where others could reach it
├── PortTaken       somebody listens on that port already
└── BadTokensFile   the list of tokens cannot be used
"""


class SimulatorError(Exception):
    """Base of all errors of this package; its text is meant for the person at the terminal."""


class NotLoopback(SimulatorError):
    """The simulator believes any token, so it must not be reachable from other machines."""


class PortTaken(SimulatorError):
    """Another program listens on the port."""


class BadTokensFile(SimulatorError):
    """The list of tokens is unreadable or has lines that are no tokens."""
