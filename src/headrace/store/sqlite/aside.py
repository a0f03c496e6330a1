"""What is kept beside runs and tasks, for people: how runs went, and what flows tell others about it."""

import zlib

from msgspec.structs import asdict

from headrace.store.notice import Notice
from headrace.store.sqlite import rows
from headrace.store.sqlite.batch import Batch
from headrace.store.sqlite.reader import Reader
from headrace.store.sqlite.writer import Writer
from headrace.values import encode_json

__all__ = ["Aside"]

_KEEP_PROFILE = "INSERT OR REPLACE INTO profiles SELECT id, ? FROM runs WHERE id = ?"
_ANNOUNCE = "INSERT OR IGNORE INTO notices (id, flow, body, is_sent) VALUES (?, ?, ?, 0)"
_FORGET_SENT = """
DELETE FROM notices WHERE flow = ? AND is_sent = 1 AND position NOT IN (
    SELECT position FROM notices WHERE flow = ? ORDER BY position DESC LIMIT 10
)
"""


class Aside:
    """See `Store`."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def keep_profile(self, run_id: str, profile: bytes) -> None:
        """See `Store`."""
        packed = zlib.compress(profile, level=1)
        await self._writer.commit(lambda batch: batch.execute(_KEEP_PROFILE, packed, run_id))

    async def profiles(self, run_id: str) -> dict[str, bytes]:
        """See `Store`."""
        profile = await self._reader.ask(lambda connection: rows.find_profile(connection, run_id))
        return {} if profile is None else {"": profile}

    async def announce(self, notice: Notice) -> None:
        """See `Store`."""
        body = encode_json({**asdict(notice), "kind": notice.kind.value})
        await self._writer.commit(lambda batch: batch.execute(_ANNOUNCE, notice.id, notice.flow, body))

    async def notices(self, flow: str) -> list[Notice]:
        """See `Store`."""
        return await self._reader.ask(lambda connection: rows.find_notices(connection, flow))

    async def last_notice(self, flow: str) -> Notice | None:
        """See `Store`."""
        return await self._reader.ask(lambda connection: rows.find_last_notice(connection, flow))

    async def sent(self, notice: Notice) -> None:
        """See `Store`; of each flow the last ten that were sent are kept."""

        def add(batch: Batch) -> None:
            batch.execute("UPDATE notices SET is_sent = 1 WHERE id = ?", notice.id)
            batch.execute(_FORGET_SENT, notice.flow, notice.flow)

        await self._writer.commit(add)
