"""Somebody else's deployment: sets a webhook for this token twice a second, for ever; prints a line for each."""

import time

from poller import Server  # type: ignore[import-not-found]  # beside this file

server = Server()
while True:
    if server.call("setWebhook", url="http://127.0.0.1:9/forgotten/secret-path"):
        print("set", flush=True)
    time.sleep(0.5)
