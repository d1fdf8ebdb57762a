"""Durations as a person would say them."""


def spelled(seconds: float, before: str = "about") -> str:
    """A duration in hours and minutes, after a word such as `about` or `up to`."""
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours:
        return f"{before} {hours} h {minutes} min"
    return f"{before} {minutes} min" if minutes else "less than a minute"
