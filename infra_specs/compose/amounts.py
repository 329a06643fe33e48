"""Durations and sizes as a Compose file writes them: `1m30s`, `512m`."""

import re
from typing import Any

_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ms|us|µs|ns|h|m|s)")
_BYTES = {"b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def seconds_of(value: Any) -> float | None:
    """The seconds of a duration such as `1m30s`, `500ms` or `1h`; None for any other value."""
    text = "" if isinstance(value, bool) else str(value).strip()
    if text == "0":
        return 0.0
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text or len(text) > 100:
        return None
    return float(sum(float(number) * _SECONDS[unit] for number, unit in parts))


def bytes_of(value: Any) -> int | None:
    """The bytes of a size such as `512m`, `1gb` or `1073741824`; None for any other value."""
    text = "" if isinstance(value, bool) else str(value).strip().lower()
    match = re.fullmatch(r"([0-9]{1,20}(?:\.[0-9]{1,20})?)\s*([bkmgt]?)(?:i?b)?", text)
    return round(float(match[1]) * _BYTES[match[2] or "b"]) if match else None
