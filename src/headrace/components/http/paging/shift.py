"""Rows that move from page to page while pages are being read, noticed by the total that pages state.

A row that is deleted before a page moves all later ones up: the first of the next page becomes the last of
this one, and is read by nobody if this page was read before and the next one after. So where the total is
smaller on a page than it was on the page before, pages before it are read again, as many as rows can have
come from. Rows that are added move others down: these are read twice, which an upsert does not mind.
"""

__all__ = ["Totals"]


class Totals:
    """What the pages of one sync have stated, as far as this process has seen them."""

    def __init__(self, first: int, size: int) -> None:
        """Begin.

        Args:
            first: what the first page stated.
            size: records of a page.
        """
        self._first = first
        self._size = size
        self._stated: dict[int, int] = {}
        self._open: set[int] = set()
        self._read_to = 1  # all pages up to here were read

    def opened(self, page: int) -> None:
        """A page will be read by this process."""
        self._open.add(page)

    def read(self, page: int, total: int) -> list[int]:
        """A page was read; gives the pages that are to be read again.

        A page before it of which nothing is known was read by an earlier process, at whatever total.
        """
        self._open.discard(page)
        self._stated[page] = total
        again: set[int] = set()
        if page > 1 and page - 1 not in self._open:
            again.update(self._moved(self._stated.get(page - 1, self._first), total, page))
        if page + 1 in self._stated:
            again.update(self._moved(total, self._stated[page + 1], page + 1))
        while self._read_to + 1 in self._stated:
            self._stated.pop(self._read_to, None)
            self._read_to += 1
        return sorted(again)

    def _moved(self, before: int, total: int, page: int) -> range:
        """The pages that the first rows of a page may have moved to."""
        pages = -(-max(before - total, 0) // self._size)
        return range(max(page - pages, 1), page)
