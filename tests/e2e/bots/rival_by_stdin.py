"""A poller of which this host shows nothing: its token comes in by stdin, so no environment, no command line and no
file has it. To whoever looks it is what a poller on another machine is.
"""

import os
import sys

os.environ["TELEGRAM_BOT_TOKEN"] = sys.stdin.readline().strip()  # in this process's memory; /proc shows the first one

from poller import Server, poll  # type: ignore[import-not-found]  # beside this file

print("polling", flush=True)
poll(Server())
