"""Starting flow runs through the API and following them until they end.

How a finished thing looks is in `views`. Called by `verbs`.
"""
