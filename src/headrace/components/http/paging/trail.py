"""What was seen on the way from page to page, as far as it is needed to notice that it leads nowhere."""

import hashlib

import msgspec
from msgspec.structs import replace

from headrace.components.http.paging.position import Position
from headrace.sdk import Json, PermanentError
from headrace.values import encode_json

__all__ = ["Trail", "content_of"]

_SAMPLES = 4
"""Records of a page, or some more, that are looked at: they tell pages apart as all of them would."""
_MOST_EMPTY = 100
"""Empty pages one after the other, each with a further one, that are followed: filters make some."""


def _digest(value: Json) -> str:
    """What tells two values apart: 64 bits."""
    return hashlib.blake2b(encode_json(value), digest_size=8).hexdigest()


def content_of(items: list[Json]) -> str:
    """What tells the records of two pages apart: how many there are, and some of them."""
    step = max(len(items) // _SAMPLES, 1)
    return _digest([len(items), items[-1], *items[::step]])


class Trail(msgspec.Struct, frozen=True, array_like=True):
    """The way so far, of one size however long it is: where it was at a power of two (Brent, 1980).

    Attributes:
        stone: the digest of an earlier position, against which later ones are compared.
        steps: made since then.
        power: after how many steps another stone is laid.
        content: the digest of the records of the page before, empty at the beginning.
        empty: how many pages before were empty, one after the other.
        items: records so far.
        largest: the most records that a page had.
        first: the digest of the first page's records, empty at the beginning.
    """

    stone: str = ""
    steps: int = 0
    power: int = 1
    content: str = ""
    empty: int = 0
    items: int = 0
    largest: int = 0
    first: str = ""

    def past(self, position: Position, items: list[Json]) -> "Trail":
        """The trail with a page.

        Raises:
            PermanentError: its records are those of the page before or of the first, or too many pages
                were empty.
        """
        if not items:
            if self.empty + 1 >= _MOST_EMPTY:
                raise PermanentError(
                    f"{_MOST_EMPTY} pages were empty one after the other, and each says that there are more",
                    code="HR335",
                )
            return replace(self, empty=self.empty + 1)
        content = content_of(items)
        if content in (self.content, self.first):
            same = "the page before" if content == self.content else "page 1"
            raise PermanentError(
                f"page {position.number} has the same records as {same}; "
                "does the API know the parameters of `pagination`?",
                code="HR335",
            )
        return replace(
            self,
            content=content,
            first=self.first or content,
            empty=0,
            items=self.items + len(items),
            largest=max(self.largest, len(items)),
        )

    def towards(self, position: Position) -> "Trail":
        """The trail with a step to the next page.

        Raises:
            PermanentError: it leads back to where it was.
        """
        mark = _digest(position.at)
        if mark == self.stone:
            raise PermanentError(
                f"page {position.number - 1} leads back to an earlier page: the API gives "
                f"`{_cut(position.at)}` a second time",
                code="HR335",
            )
        if self.steps + 1 >= self.power:
            return replace(self, stone=mark, steps=0, power=self.power * 2)
        return replace(self, steps=self.steps + 1)


def _cut(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
