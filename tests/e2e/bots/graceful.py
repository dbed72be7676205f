"""A bot that needs its grace: at SIGTERM it finishes its work, says so and leaves with code 0."""

import signal

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # before the word that it is there: none may be missed
print("at work", flush=True)
signal.sigwait({signal.SIGTERM})
print("work finished", flush=True)
