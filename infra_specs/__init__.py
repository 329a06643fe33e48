"""The language and every decision. Pure: no I/O, no clock, no randomness."""
