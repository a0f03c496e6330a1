"""Callers who wait for the answers of runs, whose connections this process holds (rule 23)."""

import asyncio

from headrace.errors import TemporaryError
from headrace.sdk import Answer
from headrace.store import Caller, RunRecord, RunStatus
from headrace.values import Json

__all__ = ["Callers", "Waiting"]

_COME_AGAIN_S = 5.0
"""When a process that stops may have a successor."""


class Waiting:
    """A caller who waits. See `headrace.sdk.Call`.

    Attributes:
        run: the id of the run.
        fate: what has become of the caller so far.
    """

    __slots__ = ("_answer", "fate", "run")

    def __init__(self, run: str) -> None:
        self.run = run
        self.fate = Caller.WAITS
        self._answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    async def answer(self) -> Answer:
        """See `headrace.sdk.Call`."""
        answer = await self._answer
        self.fate = Caller.ANSWERED
        return answer

    def respond(self, response: Json) -> None:
        """Give a response that has committed."""
        self._give(Answer(response))

    def end(self, run: RunRecord) -> None:
        """Tell how the run has ended without a response."""
        match run.status:
            case RunStatus.SUCCEEDED:
                self._give(Answer(ended="succeeded"))
            case RunStatus.CANCELLED:
                self._give(Answer(ended="cancelled"))
            case _:
                self._give(Answer(ended="failed"))

    def settle(self, fate: Caller) -> None:
        """Note what becomes of the caller, unless that is known."""
        if self.fate is Caller.WAITS:
            self.fate = fate

    def dismiss(self) -> None:
        """Tell that this process stops."""
        if not self._answer.done():
            self.settle(Caller.LOST)
            self._answer.set_exception(_stopping())
            self._answer.exception()  # seen: it need not be waited for

    def _give(self, answer: Answer) -> None:
        if not self._answer.done():
            self._answer.set_result(answer)


class Callers:
    """The callers of this process by run; several wait for one where a request is repeated."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Waiting]] = {}
        self._responses: dict[str, Json] = {}  # of runs that go on; a store may be a moment behind
        self._takes_more = True

    def check(self) -> None:
        """Refuse a further one if this process stops.

        Raises:
            TemporaryError: it does.
        """
        if not self._takes_more:
            raise _stopping()

    def join(self, waiting: Waiting) -> None:
        """A caller gets what was delivered in a run that goes on, or what is from now on."""
        self._waiting.setdefault(waiting.run, []).append(waiting)
        if waiting.run in self._responses:
            waiting.respond(self._responses[waiting.run])

    def leave(self, waiting: Waiting) -> None:
        """A caller waits no more."""
        others = self._waiting[waiting.run]
        others.remove(waiting)
        if not others:
            del self._waiting[waiting.run]

    def move(self, waiting: Waiting, run_id: str) -> None:
        """A caller waits for another run: that of the request which this one repeats."""
        self.leave(waiting)
        waiting.run = run_id
        self.join(waiting)

    def respond(self, run_id: str, response: Json) -> None:
        """Give a response, which has committed, to those who wait for it."""
        self._responses[run_id] = response
        for waiting in self._waiting.get(run_id, ()):
            waiting.respond(response)

    def end(self, run: RunRecord) -> None:
        """Tell those who still wait how a run has ended, durably."""
        self._responses.pop(run.id, None)
        for waiting in self._waiting.get(run.id, ()):
            waiting.end(run)

    def close(self) -> None:
        """Take no further ones."""
        self._takes_more = False

    def dismiss(self) -> None:
        """Send those away who still wait: nothing is worked on in this process any more."""
        self.close()
        for callers in self._waiting.values():
            for waiting in callers:
                waiting.dismiss()


def _stopping() -> TemporaryError:
    return TemporaryError("this process is stopping; come again", retry_after_s=_COME_AGAIN_S)
