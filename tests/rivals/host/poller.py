"""A rival that holds a connection to the server HOST:PORT for as long as it lives; says `polling` once it does.

    python poller.py HOST:PORT [whatever else, such as a token]

With `-` for the server it connects nowhere, with `own:PORT` to itself, for a network of its own. Its token is
wherever the test put it; it never reads it.
"""

import signal
import socket
import sys

where = sys.argv[1]
connection = None
if where.startswith("own:"):
    server = socket.create_server(("127.0.0.1", int(where[4:])))
    where = f"127.0.0.1{where[3:]}"
if where != "-":
    host, _, port = where.rpartition(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(b"hello\n")
print("polling", flush=True)
signal.pause()
