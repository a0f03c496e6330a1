"""Encodings of bodies: gzip and deflate (RFC 9110, section 8.4.1), with a bound and an end."""

import zlib
from collections.abc import Iterator

__all__ = ["ACCEPTED", "Decoder", "EncodingError", "make_decoder"]

ACCEPTED = "gzip, deflate"

_READ = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""The window bits by which zlib knows the format."""
_RAW_DEFLATE = -15
_UNREAD = frozenset({"br", "zstd", "compress", "x-compress"})
_INPUT_BYTES = 16 * 1024
"""Decompressed at once. A new member copies the rest of it, so it must not be much."""
_OUTPUT_BYTES = 1024 * 1024


class EncodingError(ValueError):
    """What is wrong with a body, to be said after its name.

    Attributes:
        is_unknown: it is compressed by what cannot be read; sending it again cannot help.
    """

    def __init__(self, message: str, *, is_unknown: bool = False) -> None:
        super().__init__(message)
        self.is_unknown = is_unknown


class Decoder:
    """Decompresses one body, piece by piece."""

    def __init__(self, window_bits: int) -> None:
        self._window_bits = window_bits
        self._member: zlib._Decompress | None = None
        self._has_ended = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What some bytes of the body become, in pieces of 1 MiB at most.

        Raises:
            EncodingError: they are not of the format.
        """
        try:
            for start in range(0, len(data), _INPUT_BYTES):
                yield from self._decompress(data[start : start + _INPUT_BYTES])
        except zlib.error as error:
            raise EncodingError("is not compressed as its header says") from error

    def finish(self) -> None:
        """Tell that the body has ended; one without any byte is whole.

        Raises:
            EncodingError: its compressed data has not.
        """
        if self._member is not None:
            raise EncodingError("ends in the middle of its compressed data")

    def _decompress(self, data: bytes) -> Iterator[bytes]:
        while True:
            if self._member is None:
                data = data.lstrip(b"\0") if self._has_ended else data  # padding, as gzip itself ignores it
                if not data:
                    return
                self._member = zlib.decompressobj(self._bits_of(data[0]))
            piece = self._member.decompress(data, _OUTPUT_BYTES)
            data = self._member.unconsumed_tail
            if self._member.eof:
                data = self._member.unused_data
                self._member, self._has_ended = None, True
            if piece:
                yield piece
            elif not data:
                return

    def _bits_of(self, first: int) -> int:
        """Many servers send deflate without the zlib header that it should have; the first byte tells."""
        is_raw = self._window_bits == _READ["deflate"] and first & 0x0F != zlib.DEFLATED
        return _RAW_DEFLATE if is_raw else self._window_bits


def make_decoder(header: str) -> Decoder | None:
    """The decoder for a Content-Encoding; None if there is nothing to decode, or no encoding in it.

    Raises:
        EncodingError: it was not asked for.
    """
    names = [name for name in (part.strip().lower() for part in header.split(",")) if name]
    named = [name for name in names if name in _READ or name in _UNREAD]
    if not named:
        return None  # `identity`, `utf-8`, `none`: servers write all kinds of things there
    if len(named) > 1 or named[0] in _UNREAD:
        raise EncodingError(
            f"is compressed by `{', '.join(named)}`, which was not asked for", is_unknown=True
        )
    return Decoder(_READ[named[0]])
