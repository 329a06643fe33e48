"""From the files of somebody's project to a stack file: what runs there, how it is started, what it leans on.

It is given names and texts, and reads nothing itself. Called by the command line.
"""
