"""Backups: written to a store, proven by restoring them, listed, and removed when they have expired.

What a target's databases do is the part `databases` of its provider; what is kept how long is decided in
`infra_specs/backup`. Called by flows, and by the command line, which only reads a store.
"""
