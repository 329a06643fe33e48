"""Submit a flow run through Prefect's API, and follow it until it ends.

It shows progress and the outcome of a run, and nothing of a stack's state, which is in `views`. Called by `verbs`.
"""
