"""A healthy bot with a manner that could be taken for two pollers or for a rival; the manner is its argument.

health      asks getMe three times a second, beside its polling
reconnect   polls for a second at a time, each time on a new connection
slow        takes its time over the text `slow`
exec        replaces itself by a new program at the text `restart`
respawn     is a parent that starts the poller again when it ends, which it does at the text `restart`
helper      has a second process with the same token, which sends and never polls
"""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from poller import Server  # type: ignore[import-not-found]  # beside this file

HEALTH_EVERY = 0.3
A_WHILE = 3.0
manner = sys.argv[1]
itself = [sys.executable, *sys.argv]


def ask_for_ever() -> None:
    server = Server()
    while not threading.Event().wait(HEALTH_EVERY):
        server.call("getMe")


def poll() -> None:
    server, offset = Server(), 0
    while True:
        if manner == "reconnect":
            server = Server()
        for update in server.call("getUpdates", timeout=1 if manner == "reconnect" else 30, offset=offset) or ():
            offset = update["update_id"] + 1
            answer(server, update["message"], offset)


def answer(server: Any, message: Any, offset: int) -> None:
    text = message["text"]
    if text == "slow":
        threading.Event().wait(A_WHILE)
    server.call("sendMessage", chat_id=message["chat"]["id"], text=f"{manner}: {text}")
    if text == "restart":
        server.call("getUpdates", timeout=0, offset=offset)  # confirms, as a bot does before it leaves
        if manner == "exec":
            os.execv(sys.executable, itself)
        os._exit(1)


if manner == "health":
    threading.Thread(target=ask_for_ever, daemon=True).start()
    poll()
elif manner == "respawn" and "child" not in sys.argv:
    while True:
        subprocess.run([*itself, "child"], check=False)
elif manner == "helper" and "child" not in sys.argv:
    subprocess.Popen([*itself, "child"])
    poll()
elif manner == "helper":
    ask_for_ever()
else:
    poll()
