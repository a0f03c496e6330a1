"""The error tree: everything that headrace raises on purpose.

    HeadraceError                 message for people; never shown with a traceback
    ├─ FlowError                  HR1xx  the file is wrong: all findings at once, each with its place
    ├─ ExpressionError            HR2xx  syntax and names (load time) or values (run time), with its place
    ├─ UsageError                 the command line, an option, a value from outside is wrong
    ├─ ComponentError             HR3xx  a node could not do its work
    │  ├─ PermanentError          trying again cannot help
    │  │  └─ StatementError       a statement is wrong whatever its values are
    │  └─ TemporaryError          trying again may help
    │     └─ InfrastructureError  a database or a store failed; never data, the whole task is repeated
    │        └─ TaskCommitted     its row is in the database: another delivery of the task has committed
    ├─ StoreError                 HR4xx  the store of runs and tasks failed
    └─ InternalError              our bug

Foreign errors are mapped to these in the one file that owns the library, chained with `from`.
"""

from collections.abc import Sequence
from enum import Enum

import msgspec

from headrace.source import Span

__all__ = [
    "ComponentError",
    "ExpressionError",
    "Finding",
    "FlowError",
    "HeadraceError",
    "InfrastructureError",
    "InternalError",
    "NoStoreError",
    "PermanentError",
    "Severity",
    "StatementError",
    "StoreError",
    "TaskCommitted",
    "TemporaryError",
    "UsageError",
]


class Severity(Enum):
    """How much a finding weighs: only an error keeps a flow from running."""

    ERROR = "error"
    WARNING = "warning"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong with a flow file or an expression.

    Attributes:
        code: `HR` and three digits; each has a page in the documentation.
        message: what is wrong and, where it is short, what to write instead.
        span: where.
        cure: what to write instead, when the message does not say it; may be empty.
        also: further places that explain it (an anchor's definition, a first occurrence).
    """

    code: str
    message: str
    span: Span
    severity: Severity = Severity.ERROR
    cure: str = ""
    also: tuple[tuple[str, Span], ...] = ()

    def __str__(self) -> str:
        severity = "" if self.severity is Severity.ERROR else f"{self.severity.value}: "
        message = self.message.replace("\r", "\\r").replace("\n", "\\n")  # one line, whatever it quotes
        return f"{self.span}: {self.code} {severity}{message}"

    def render(self) -> str:
        """The finding with its line, carets, cure and further places, over several lines."""
        parts = [str(self), self.span.excerpt()]
        if self.cure:
            parts.append(f"  {self.cure}")
        for text, span in self.also:
            parts += [f"  {text} ({span})", span.excerpt()]
        return "\n".join(parts)


class HeadraceError(Exception):
    """Something went wrong; the message is for people."""

    code = "HR000"

    @property
    def message(self) -> str:
        """The text for people, without place and code."""
        return str(self.args[0]) if self.args else (type(self).__doc__ or "").splitlines()[0]

    def __str__(self) -> str:
        return self.message


class FlowError(HeadraceError):
    """The flow file is wrong."""

    code = "HR100"

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = tuple(findings)


class ExpressionError(HeadraceError):
    """An expression is wrong, or has no value for this message."""

    def __init__(self, code: str, message: str, span: Span, cure: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.span = span
        self.cure = cure

    @property
    def finding(self) -> Finding:
        """The same as a finding."""
        return Finding(self.code, self.message, self.span, cure=self.cure)


class UsageError(HeadraceError):
    """The command line, an option or a value given from outside is wrong."""

    code = "HR001"


class NoStoreError(UsageError):
    """A store that is named is not there; who executes flows makes it."""


class ComponentError(HeadraceError):
    """A node could not do its work.

    Attributes:
        code: for people and programs: `HR3xx`, `HTTP 429`, an SQLSTATE.
        retryable: whether trying the task again may help.
        retry_after_s: the earliest sensible time for that, in seconds from now; None if unknown.
        detail: further facts for `errorDetail`, JSON values only; no secrets.
    """

    code = "HR300"
    retryable = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retry_after_s: float | None = None,
        detail: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.retry_after_s = retry_after_s
        self.detail = detail or {}


class PermanentError(ComponentError):
    """A node could not do its work, and trying again cannot help."""


class StatementError(PermanentError):
    """A statement cannot run, whatever its values are: it has a wrong name, or its transaction is gone."""


class TemporaryError(ComponentError):
    """A node could not do its work now; trying again may help."""

    retryable = True


class InfrastructureError(TemporaryError):
    """A database or a store failed (connection lost, deadlock, shutdown).

    Never data: it reaches no `error` port and no `continueOnError`. The whole task rolls back and is
    tried again, on a budget of its own (rule 6 of the durable runtime).
    """

    code = "HR320"


class TaskCommitted(InfrastructureError):
    """Another delivery of the task has committed already; nothing was kept of this one.

    Repeating the task finds its row, and so publishes the outcome that took effect (rules 11 and 12).
    """

    code = "HR328"


class StoreError(HeadraceError):
    """The store of runs and tasks failed."""

    code = "HR400"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class InternalError(HeadraceError):
    """headrace itself is wrong; please report it with this text."""

    code = "HR900"
