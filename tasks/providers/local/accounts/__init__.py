"""The account that a stack's programs run as: its name, its number, what it must be able to read, its secret files.

No process is started here. Called by the kinds, and by whoever says what a stack can reach.
"""
