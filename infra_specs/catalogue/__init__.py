"""Patterns: how needs and services become resources. The planner knows none of them."""
