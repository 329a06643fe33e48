"""How every flow changes a stack: lock, observe, plan, apply, verify, record; and a release beside the old one.

A flow says what is desired and calls `converge` or `release`. Only flows call this room.
"""
