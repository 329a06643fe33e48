"""What every room of this floor may use: clock, settings, polling, log lines, threads with a deadline.

Nothing here knows a stack or a target. It imports no other room.
"""
