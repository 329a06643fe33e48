"""The language and every decision, as pure functions and models: no I/O, no clock, no randomness.

Nothing here imports Prefect, an SDK, a socket or a database. A clock's time is an argument. Every floor may call it.
"""
