"""How Tenfold came onto this machine, and how its packages differ from the locked ones.

It is given what was read, and reads nothing. Called by the command line.
"""
