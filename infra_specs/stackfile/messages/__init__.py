"""Faults of a stack's file in plain words: where, what stands there, what is allowed, and the nearest right key.

Called by `reading` alone, but for `no_effect`, which the plan shows.
"""
