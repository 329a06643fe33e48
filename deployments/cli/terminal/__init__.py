"""The terminal: colours, width, questions, waiting lines, and how numbers and times are written.

It knows no stack and no run. Called by all of the command line.
"""
