"""Submitting flow runs, and following them."""
