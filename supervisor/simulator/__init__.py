"""An imitation of Telegram's Bot API server on the loopback, for trials and tests.

`rules/` holds how that server behaves, without I/O and without a clock; the files beside this one put the
rules behind HTTP and let a referee look in. Nothing here knows the supervisor it is used to try out.
"""
