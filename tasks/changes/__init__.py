"""Changing what is on a target: observe it, apply a change, watch a canary, sweep what is left, run one command.

Each is a task that may be tried again. The order of changes is the plan's. Called by `flows.engine`.
"""
