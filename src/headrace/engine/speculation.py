"""A task is first tried as if nothing could fail: without marks, and without waiting for what is written.

If all goes well, its writes have gone to the database together, in one round trip instead of one for each.
If anything fails that could be survived, all is rolled back and the task begins again, step by step; so it
ends as if it had never been tried. Before what must not be done twice (`Component.repeats`) it is waited for
what was written, and from there on the task goes step by step.
"""

__all__ = ["Caution", "Misspeculated"]

_FEWEST = 8
_MOST = 1024


class Misspeculated(BaseException):
    """Something failed that may be survived: the task is to begin again. No node may take it for its own."""


class Caution:
    """After how many tasks one may speculate again: more where it goes wrong, fewer where it goes well."""

    def __init__(self) -> None:
        self._penalty = _FEWEST
        self._left = 0

    def lets_speculate(self) -> bool:
        """Whether a task that begins now may; to be asked once a task."""
        if self._left:
            self._left -= 1
            return False
        return True

    def succeeded(self) -> None:
        """What was tried went well."""
        self._penalty = max(self._penalty // 2, _FEWEST)

    def failed(self) -> None:
        """It had to begin again."""
        self._left = self._penalty
        self._penalty = min(self._penalty * 4, _MOST)
