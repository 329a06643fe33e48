"""How long what a stack leans on may be silent: its database, its cache, its queue, its proxy and its files."""

PATIENCE_SECONDS = 10.0
"""Seconds of silence after which one that hangs is killed and started again in its place, on the data that it has.

Its supervisor does that by itself, so neither the control plane nor a run that holds the stack's lock is in the way.
Each recovers from a kill: PostgreSQL and a queue by their logs, the proxy from its files, and a cache is refilled.
"""
