"""What a store takes of a message."""

__all__ = ["MAX_MESSAGE_BYTES"]

MAX_MESSAGE_BYTES = 64 * 2**20
"""Of one task as JSON: its message is as large as the HTTP client lets a response be."""
