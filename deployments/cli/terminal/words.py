"""Durations, moments, counts and texts as people write them."""

from datetime import datetime

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))


def human(seconds: float) -> str:
    """A duration: `0.52s`, `4.2s`, `42s`, `3m 20s`, `2h 5m`, `3d 4h`."""
    if seconds < 60:
        return f"{max(seconds, 0):.2f}s" if seconds < 1 else f"{seconds:.1f}s" if seconds < 10 else f"{seconds:.0f}s"
    for (name, size), (smaller, part) in zip(_UNITS, (*_UNITS[1:], ("s", 1)), strict=True):
        if seconds >= size:
            rest = int(seconds % size // part)
            return f"{int(seconds // size)}{name}" + (f" {rest}{smaller}" if rest else "")
    raise AssertionError("sixty seconds are a minute")


def ago(seconds: float) -> str:
    """How long ago something was: whole units, `just now` for less than a second."""
    return "just now" if seconds < 1 else f"{human(float(int(seconds)) if seconds >= 10 else seconds)} ago"


def clock_time(moment: float) -> str:
    """A moment in this machine's time zone: `2026-11-22 18:04:05`."""
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def counted(number: int, noun: str) -> str:
    """`1 replica`, `3 replicas`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def first_line(text: str) -> str:
    """The first line of a text; empty if there is none."""
    return next(iter(text.splitlines()), "")
