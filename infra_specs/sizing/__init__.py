"""From users to sizes by Little's law, with the arithmetic shown.

What a size costs is in `pricing`, what it is made of in `catalogue`. Called by both.
"""
