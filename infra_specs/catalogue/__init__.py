"""Patterns: how the needs and services of a stack become resources, for each kind of target.

Only this room knows that a database has a volume. The planner knows none of it. Called by `tasks.stack` and pricing.
"""
