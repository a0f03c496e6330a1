"""What is wrong with the text of an expression, by offsets, before it has a place in a file."""

from headrace.errors import Severity

__all__ = ["Problem"]


class Problem(Exception):
    """A mistake that ends the reading of one expression.

    Attributes:
        code: `HR2xx`.
        message: for people.
        start: offset into the text.
        end: just after the place.
        cure: what to write instead, when the message does not say it.
        severity: whether the expression can be evaluated all the same.
    """

    def __init__(
        self,
        code: str,
        message: str,
        start: int,
        end: int,
        cure: str = "",
        *,
        severity: Severity = Severity.ERROR,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.start = start
        self.end = end
        self.cure = cure
        self.severity = severity
