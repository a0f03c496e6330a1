"""How far the work on a source has come, in the source's own order. Pure."""

from typing import TypeAlias

import msgspec

from headrace.values import Json

__all__ = ["Rank", "Watermark", "higher"]

Rank: TypeAlias = int | float | str


class Watermark(msgspec.Struct, frozen=True):
    """How far the work has come.

    Attributes:
        rank: what it is compared by, a number or text (which is above every number).
        value: what stands in the data there.
    """

    rank: Rank
    value: Rank

    @classmethod
    def read(cls, value: Json) -> "Watermark | None":
        """What `json` gave; None from anything else."""
        match value:
            case [int() | float() | str() as rank, int() | float() | str() as reached]:
                return cls(rank, reached)
            case _:
                return None

    @property
    def json(self) -> list[Json]:
        """As it is kept: `[rank, value]`."""
        return [self.rank, self.value]

    def is_above(self, other: "Watermark") -> bool:
        """Whether it is further than another."""
        if isinstance(self.rank, str):
            return not isinstance(other.rank, str) or self.rank > other.rank
        return not isinstance(other.rank, str) and self.rank > other.rank


def higher(one: Watermark | None, other: Watermark | None) -> Watermark | None:
    """The higher of two that may be missing."""
    if one is None or other is None:
        return one or other
    return other if other.is_above(one) else one
