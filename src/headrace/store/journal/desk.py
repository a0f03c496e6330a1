"""What is asked of those who execute a flow, and how it was answered. Part of a replica."""

import msgspec

from headrace.store.request import Request

__all__ = ["Desk"]

_ANSWERED_KEPT = 1_000


class Desk(msgspec.Struct):
    """Requests that wait, and the last answers: why each was refused, empty if it was carried out."""

    waiting: dict[str, Request] = msgspec.field(default_factory=dict)
    answers: dict[str, str] = msgspec.field(default_factory=dict)

    def ask(self, request: Request) -> None:
        """Take a request in; once more changes nothing."""
        if request.id not in self.answers:
            self.waiting.setdefault(request.id, request)

    def answer(self, request_id: str | None, refusal: str = "") -> None:
        """Note an answer; nothing if there is one already, or nobody asked."""
        if request_id is not None and self.waiting.pop(request_id, None) is not None:
            self.answers[request_id] = refusal
            if len(self.answers) > _ANSWERED_KEPT:
                del self.answers[next(iter(self.answers))]
