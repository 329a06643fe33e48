"""What a run holds while it works: its context, its lock, its retries, and whether its process is alive.

No effect on a target belongs here. Called by `changes`, `stack` and flows.
"""
