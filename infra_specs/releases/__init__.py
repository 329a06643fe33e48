"""Releases: what they hold, how one becomes another, and the steps by which one takes the place of another.

Records of releases are in `tasks.ledger`. Called by `flows.engine` and `tasks.stack`.
"""
