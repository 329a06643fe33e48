"""A command beside a program of ours: in a session of its own, at a terminal, or between two ends of a pipe.

It knows no stack, only processes. Called by the part `shell`.
"""
