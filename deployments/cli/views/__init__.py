"""How results look: texts and tables in a terminal and in a pipe, and the same as JSON data.

Nothing here changes a stack or needs a server. What is shown is read and decided in `verbs`, which call this room.
"""
