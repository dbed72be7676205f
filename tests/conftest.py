"""What every test starts from, whoever starts the tests."""

from __future__ import annotations

import signal

# A shell's background job ignores SIGINT and hands that on to all below it: no Ctrl-C could be tested there.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
