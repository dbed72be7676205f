"""`botctl doctor`: looks at bots, host and the way to Telegram, and says what it found, how it knows, what to do.

One file a group of checks; `examine.py` runs them side by side, each with its own deadline. Nothing here confirms an
update, changes a webhook or a setting, or shows a token. It refuses to know the supervisor's insides (core, keep,
runners): it works while none runs, and sees a running one as everybody does, by its status.
"""
