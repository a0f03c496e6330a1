"""Asks the API of `headrace serve`."""

from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

import msgspec

from headrace.cli.runs.watch.answer import (
    FlowAnswer,
    FlowsAnswer,
    ProblemAnswer,
    RunAnswer,
    RunsAnswer,
    SessionAnswer,
)
from headrace.cli.runs.watch.source import Kept, SourceLost
from headrace.connections.http import HttpError, HttpTransport, Query
from headrace.errors import UsageError
from headrace.monitor.meter import Snapshot
from headrace.store import RunRecord, RunStatus

__all__ = ["ServerSource"]

Answer = TypeVar("Answer")

_TIMEOUT_S = 10.0
_PAGE = 200
_MOST = 1000
"""Runs that are looked at, or through."""


class ServerSource:
    """See `Source`; needs a running event loop.

    Every method may also raise `UsageError`: the server does not take the token, or is no `headrace serve`.
    """

    def __init__(self, url: str, token: str) -> None:
        """Set up; nothing is asked yet.

        Args:
            url: of the server, without a path.
            token: that opens it; empty for none.
        """
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._transport = HttpTransport(max_connections=1, max_redirects=0)  # the token goes nowhere else
        self.about = f"watching {self._url}"

    async def check(self) -> None:
        """See that a server is there which takes the token."""
        if await self._ask("session", SessionAnswer) is None:
            raise UsageError(f"{self._url} does not answer as `headrace serve` does")

    async def flows(self) -> list[str]:
        """See `Source`."""
        found = await self._ask("flows", FlowsAnswer)
        return [] if found is None else [flow.name for flow in found.flows]

    async def active(self, flow: str | None) -> list[RunRecord]:
        """See `Source`."""
        return await self._runs(flow, status=RunStatus.RUNNING.value)

    async def since(self, flow: str | None, after_ns: int) -> list[RunRecord]:
        """See `Source`."""
        return await self._runs(flow, after_ns=after_ns)

    async def latest(self, flow: str | None) -> RunRecord | None:
        """See `Source`."""
        return next(iter(await self._runs(flow, limit=1)), None)

    async def find(self, beginning: str) -> list[RunRecord]:
        """See `Source`; of an unfinished id, the latest runs are looked through."""
        whole = await self.run(beginning)
        if whole is not None:
            return [whole]
        return [run for run in await self._runs(None) if run.id.startswith(beginning)]

    async def run(self, run_id: str) -> RunRecord | None:
        """See `Source`."""
        found = await self._ask(f"runs/{quote(run_id, safe='')}", RunAnswer)
        return None if found is None else found.record()

    async def counts(self, flow: str) -> Snapshot | None:
        """See `Source`."""
        found = await self._ask(f"flows/{quote(flow, safe='')}/live", FlowAnswer)
        return None if found is None else found.snapshot()

    async def kept(self, run: RunRecord) -> Kept | None:
        """See `Source`."""
        return None

    async def close(self) -> None:
        """See `Source`."""
        await self._transport.close()

    async def _runs(
        self, flow: str | None, *, status: str = "", after_ns: int = 0, limit: int = _MOST
    ) -> list[RunRecord]:
        """Runs, the latest first, page by page as far back as is asked for."""
        query = {"limit": str(min(limit, _PAGE))}
        query |= {} if flow is None else {"flow": flow}
        query |= {"status": status} if status else {}
        runs: list[RunRecord] = []
        while len(runs) < limit:
            page = await self._ask("runs", RunsAnswer, query)
            if page is None:
                break
            runs += [run.record() for run in page.runs]
            if page.next is None or runs[-1].started_at_ns <= after_ns:
                break
            query["before"] = page.next
        return [run for run in runs[:limit] if run.started_at_ns > after_ns]

    async def _ask(self, path: str, kind: type[Answer], query: Query | None = None) -> Answer | None:
        """What the API says; None where there is no such thing."""
        try:
            answer = await self._transport.request(
                "GET", f"{self._url}/api/v1/{path}", headers=self._headers, params=query, timeout_s=_TIMEOUT_S
            )
        except HttpError as error:
            raise SourceLost(error.message) from error
        try:
            if answer.status == HTTPStatus.OK:
                return msgspec.json.decode(answer.body, type=kind)
            reason = msgspec.json.decode(answer.body, type=ProblemAnswer).error.message
        except msgspec.MsgspecError as error:
            raise UsageError(f"{self._url} does not answer as `headrace serve` does") from error
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status == HTTPStatus.UNAUTHORIZED:
            known = "refuses the token" if self._headers else "needs a token"
            raise UsageError(f"{self._url} {known}; set HEADRACE_TOKEN or HEADRACE_READ_TOKEN")
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise SourceLost(f"{answer.status} {reason}")
        raise UsageError(f"{self._url} refuses: {reason}")
