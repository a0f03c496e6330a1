"""What lies beside the journals: flows and their versions, ended runs, dead letters, notices, profiles."""

from collections.abc import Sequence
from typing import Any

import msgspec

from headrace.store.caller import Caller
from headrace.store.encoding import decode_error, decode_task, encode_error, encode_task
from headrace.store.jetstream.values import Values
from headrace.store.journal.change import EndedRun, KeptLetter
from headrace.store.journal.record import decode_ended, encode_ended
from headrace.store.notice import Notice, NoticeKind
from headrace.store.records import DeadLetter, PastRun, RunRecord, VersionRecord

__all__ = ["History"]


class _Letter(msgspec.Struct):
    task: msgspec.Raw
    error: msgspec.Raw
    attempts: int
    flow: str


class _Version(msgspec.Struct):
    flow: str
    version: str
    path: str
    name: str
    text: str
    overrides: dict[str, Any]


class _Notice(msgspec.Struct):
    id: str
    flow: str
    kind: NoticeKind
    at_ns: int
    body: Any


_encode = msgspec.json.Encoder().encode


class History:
    """Records under keys: `run.<flow>.<run>`, `letter.<flow>.<task>` and the like."""

    def __init__(self, values: Values) -> None:
        self._values = values

    # ---- runs

    async def keep_run(self, ended: EndedRun) -> None:
        """Keep a run that has ended; one that ended later, having been tried again, stays."""
        key = f"run.{ended.run.flow}.{ended.run.id}"

        def is_older(value: bytes) -> bool:
            old = decode_ended(value)
            return old.sequence < ended.sequence or (
                old.sequence == ended.sequence and old.run.caller is Caller.WAITS
            )

        await self._values.put_over(key, encode_ended(ended), is_older)

    async def run(self, flow: str, run_id: str) -> EndedRun | None:
        """A run that has ended."""
        value = await self._values.get(f"run.{flow}.{run_id}")
        return None if value is None else decode_ended(value)

    async def runs(self, wanted: Sequence[PastRun]) -> dict[str, RunRecord]:
        """Those of some runs that are kept, by id; many for the price of a few."""
        values = await self._values.get_all([f"run.{run.flow}.{run.id}" for run in wanted])
        found = [decode_ended(value).run for value in values]
        return {run.id: run for run in found}

    async def forget_run(self, flow: str, run_id: str) -> None:
        """Keep a run no more."""
        await self._values.delete(f"run.{flow}.{run_id}")
        for author in await self.profiles(flow, run_id):
            await self._values.delete(f"profile.{flow}.{run_id}.{author}")

    # ---- dead letters

    async def keep_letter(self, task_id: str, kept: KeptLetter) -> None:
        """Keep a dead letter."""
        letter = kept.letter
        if letter is None:
            return
        value = _encode(
            _Letter(
                msgspec.Raw(encode_task(letter.task)),
                msgspec.Raw(encode_error(letter.error)),
                letter.attempts,
                letter.flow,
            )
        )
        await self._values.put(f"letter.{letter.flow}.{task_id}", value)

    async def letter(self, flow: str, task_id: str) -> DeadLetter | None:
        """A dead letter, if it was kept; it may be none any more."""
        value = await self._values.get(f"letter.{flow}.{task_id}")
        return None if value is None else _letter(value)

    async def letters_of(self, wanted: Sequence[tuple[str, str]]) -> dict[str, DeadLetter]:
        """Those that were kept of some flows and tasks, by the ids of the tasks."""
        values = await self._values.get_all([f"letter.{flow}.{task_id}" for flow, task_id in wanted])
        return {letter.task.id: letter for letter in map(_letter, values)}

    async def letters(self, flow: str) -> dict[str, DeadLetter]:
        """All of a flow that were kept, by the ids of their tasks; some may be none any more."""
        found = [_letter(value) async for _, value in self._values.items(f"letter.{flow}")]
        return {letter.task.id: letter for letter in found}

    async def forget_letter(self, flow: str, task_id: str) -> None:
        """Keep a dead letter no more."""
        await self._values.delete(f"letter.{flow}.{task_id}")

    # ---- flows

    async def keep_version(self, version: VersionRecord) -> None:
        """Keep a version of a flow."""
        value = _encode(_Version(**msgspec.structs.asdict(version)))
        await self._values.put(f"version.{version.flow}.{version.version}", value)

    async def version(self, flow: str, version: str) -> VersionRecord | None:
        """A version of a flow."""
        value = await self._values.get(f"version.{flow}.{version}")
        if value is None:
            return None
        return VersionRecord(**msgspec.structs.asdict(msgspec.json.decode(value, type=_Version)))

    async def latest_version(self, flow: str) -> str | None:
        """The version of a flow that was kept last, and with that executed last."""
        key = await self._values.latest(f"version.{flow}")
        return None if key is None else key.rpartition(".")[2]

    async def keep_flow(self, flow: str, path: str) -> None:
        """Note that there is a flow, and its file."""
        await self._values.put(f"flow.{flow}", path.encode(errors="surrogateescape"))

    async def flows(self) -> dict[str, str]:
        """The flows, with the path of the file of each."""
        return {
            key.partition(".")[2]: value.decode(errors="surrogateescape")
            async for key, value in self._values.items("flow")
        }

    # ---- what people are told

    async def keep_profile(self, flow: str, run_id: str, author: str, profile: bytes) -> None:
        """Keep how a run went, as far as a process did it."""
        await self._values.put(f"profile.{flow}.{run_id}.{author}", profile)

    async def profiles(self, flow: str, run_id: str) -> dict[str, bytes]:
        """How a run went, by the processes that did it."""
        under = f"profile.{flow}.{run_id}"
        return {key.rpartition(".")[2]: value async for key, value in self._values.items(under)}

    async def keep_notice(self, notice: Notice) -> None:
        """Keep a notice that is to be sent, as the last of its flow."""
        last = await self.last_notice(notice.flow)
        if last is not None and last.id == notice.id:
            return
        value = _encode(_Notice(**msgspec.structs.asdict(notice)))
        await self._values.put(f"notice.{notice.flow}.{notice.id}", value)
        await self._values.put(f"last-notice.{notice.flow}", value)

    async def notices(self, flow: str) -> list[Notice]:
        """Those that are still to be sent, the oldest first."""
        found = [_notice(value) async for _, value in self._values.items(f"notice.{flow}")]
        return sorted(found, key=lambda notice: (notice.at_ns, notice.id))

    async def last_notice(self, flow: str) -> Notice | None:
        """The last one of a flow."""
        value = await self._values.get(f"last-notice.{flow}")
        return None if value is None else _notice(value)

    async def forget_notice(self, notice: Notice) -> None:
        """It was sent, or given up."""
        await self._values.delete(f"notice.{notice.flow}.{notice.id}")


def _letter(value: bytes) -> DeadLetter:
    fields = msgspec.json.decode(value, type=_Letter)
    return DeadLetter(
        decode_task(bytes(fields.task)), decode_error(bytes(fields.error)), fields.attempts, fields.flow
    )


def _notice(value: bytes) -> Notice:
    return Notice(**msgspec.structs.asdict(msgspec.json.decode(value, type=_Notice)))
