"""Days of the week as they are written: `Mon-Fri`, `Sat,Sun`, or none for every day."""

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def days_and_time(at: str) -> tuple[tuple[int, ...], str]:
    """`Mon-Fri 08:00` as the days, of which 0 is Monday, and the time of day. `Sat-Mon` goes over the week's end."""
    named, _, clock = at.rpartition(" ")
    days = {day for part in named.split(",") for day in _days(part)} if named else set(range(7))
    return tuple(sorted(days)), clock


def _days(part: str) -> list[int]:
    first, _, last = part.partition("-")
    begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]
