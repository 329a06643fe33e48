"""How things look in a terminal and in a pipe, for the verbs that read.

They need no server. Nothing here changes anything. Called by `verbs`.
"""
