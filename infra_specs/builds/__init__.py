"""What of a folder goes into an image: the rules of `.dockerignore`, and names that are mostly there by mistake.

Decisions about names alone. Nothing here opens a file, and nothing here knows of an engine.
"""
