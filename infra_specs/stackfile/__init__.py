"""The language: what a person writes, as pydantic models, and how it is read."""
