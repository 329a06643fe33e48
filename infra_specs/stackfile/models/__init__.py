"""The language as pydantic models, one file a part of it. A new key starts here.

Nothing here reads a file or words a fault. Every floor may import a model.
"""
