"""The ids of rows, as others are told them: digits in a text."""

_MAX_DIGITS = 18
"""Of a number that fits both databases."""


def is_row_id(text: str) -> bool:
    """Whether a row may have this id."""
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
