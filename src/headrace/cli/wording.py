"""Numbers and times as people read them."""

__all__ = ["clock_time", "number", "plural", "span_of_time"]


def number(value: int) -> str:
    """`20,000`."""
    return f"{value:,}"


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """`1 page`, `20,000 pages`."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def span_of_time(seconds: float) -> str:
    """`35 ms`, `3.2 s`, `5 min 3 s`, `2 h 10 min`."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def clock_time(seconds: float) -> str:
    """`0:09`, `12:30`, `1:05:00`: time that is left, or has passed, on a display."""
    whole = max(round(seconds), 0)
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
