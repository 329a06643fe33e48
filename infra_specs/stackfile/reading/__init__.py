"""From YAML or JSON to a `Stack`, with all faults at once. `load` is its entrance.

Rules that need more than one key belong in `references`. Opening the file belongs to the caller.
"""
