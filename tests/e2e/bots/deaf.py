"""A bot that goes deaf at the text `deaf`: it answers, confirms, and polls no more, while it lives on."""

import os
import signal

from poller import Server  # type: ignore[import-not-found]  # beside this file

server, offset, deaf = Server(), 0, False
while not deaf:
    for update in server.call("getUpdates", timeout=30, offset=offset) or ():
        offset, message = update["update_id"] + 1, update["message"]
        deaf = message["text"] == "deaf"
        server.call("sendMessage", chat_id=message["chat"]["id"], text=f"{os.getpid()}: {message['text']}")
server.call("getUpdates", timeout=0, offset=offset)
signal.pause()
