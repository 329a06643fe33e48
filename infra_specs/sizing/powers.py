"""Sizes in powers of two, so that a few more users change none of them."""

import math


def power_of_two(value: float) -> int:
    """The least power of two that is `value` or more, and 1 at least."""
    return 1 << max(0, math.ceil(math.log2(value)))
