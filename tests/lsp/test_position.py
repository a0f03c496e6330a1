"""Offsets and positions, in all encodings and with all line ends."""

import pytest

from headrace.lsp.position import Encoding, offset_of, position_of
from headrace.source import Source

TEXT = "aé😀b\r\nc\rd\u2028e\x85f\n\n"


@pytest.mark.parametrize(
    ("encoding", "offset", "position"),
    [
        ("utf-16", 3, (0, 4)),
        ("utf-8", 3, (0, 7)),
        ("utf-32", 3, (0, 3)),
        ("utf-16", 6, (1, 0)),
        ("utf-16", 8, (2, 0)),
        ("utf-16", 12, (2, 4)),
        ("utf-8", 12, (2, 7)),
        ("utf-16", len(TEXT), (4, 0)),
    ],
)
def test_positions_count_units_of_the_encoding(
    encoding: Encoding, offset: int, position: tuple[int, int]
) -> None:
    assert position_of(Source("f", TEXT), offset, encoding) == position


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_there_and_back(encoding: Encoding) -> None:
    source = Source("f", TEXT)
    for offset in range(len(TEXT) + 1):
        if TEXT[offset - 1 : offset + 1] != "\r\n":
            assert offset_of(source, *position_of(source, offset, encoding), encoding) == offset


def test_a_position_beyond_its_line_is_the_lines_end() -> None:
    source = Source("f", "ab\né\n")
    assert offset_of(source, 0, 99, "utf-16") == 2
    assert offset_of(source, 1, 99, "utf-16") == 4
    assert offset_of(source, 9, 0, "utf-16") == 5


def test_a_position_within_a_character_is_behind_it() -> None:
    assert offset_of(Source("f", "😀b"), 0, 1, "utf-16") == 1
