"""A bot that needs its grace: at SIGTERM it finishes its work, says so and leaves with code 0."""

import signal
import sys
import threading

told = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: told.set())
print("at work", flush=True)
told.wait()
print("work finished", flush=True)
sys.exit(0)
