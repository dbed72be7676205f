"""Somebody else's deployment: sets a webhook for this token every so many seconds (its argument; half a second
without one), for ever; prints a line for each.
"""

import sys
import time

from poller import Server  # type: ignore[import-not-found]  # beside this file

every = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5
server = Server()
while True:
    if server.call("setWebhook", url="http://127.0.0.1:9/forgotten/secret-path"):
        print("set", flush=True)
    time.sleep(every)
