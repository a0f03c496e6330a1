"""What the routes of the API speak about."""

__all__ = ["Site"]
