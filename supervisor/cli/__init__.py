"""The command line `botctl`: verbs in `verbs/`, everything they share beside it.

`status` is typed all day and by programs, so nothing above `verbs/` imports a third party's package.
"""
