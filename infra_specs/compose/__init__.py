"""A Compose file as a stack file, and a stack as a Compose file; each key that is not carried over is named.

It is given texts and values, and reads nothing itself. Called by the command line.
"""
