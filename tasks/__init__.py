"""Everything that touches the world: targets, the ledger, the supervisor, metrics. One task has one outside effect.

Each effect may be tried again. Nothing here knows of flows. Flows call `changes`, `autoscaling`, `stack` and `run`.
"""
