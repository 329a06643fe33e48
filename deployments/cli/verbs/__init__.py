"""The verbs of the command line: names, arguments and help. What they do is imported when they are called.

No output is formatted here. Called by `tenfold` alone.
"""
