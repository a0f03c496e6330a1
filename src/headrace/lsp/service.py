"""The state of a server: open files, and what an editor was told about them."""

import asyncio
import logging

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from headrace import __version__
from headrace.lsp.convert import diagnostic
from headrace.lsp.document import Document
from headrace.lsp.grammar import Grammar
from headrace.lsp.position import Encoding
from headrace.lsp.protocol import Protocol
from headrace.sdk import Registry

__all__ = ["REFUSED", "FlowServer"]

REFUSED = types.LSPErrorCodes.RequestFailed.value
"""The code of a request that cannot be done, through no fault of ours."""

_PAUSE_S = 0.15
"""How long nothing must be typed before the text is read."""

_log = logging.getLogger(__name__)


class FlowServer(LanguageServer):
    """A language server for flow files."""

    def __init__(self, registry: Registry) -> None:
        super().__init__("headrace", __version__, protocol_cls=Protocol)
        self.registry = registry
        self.grammar = Grammar(registry)
        self.documents: dict[str, Document] = {}
        self.ended = False
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: set[str] = set()

    def report_server_error(self, error: Exception, source: object) -> None:
        """What went wrong goes to standard error, which editors keep as the server's log."""
        if getattr(error, "code", None) != REFUSED:
            _log.error("%s: %s", type(error).__name__, error, extra={"source": source})

    @property
    def encoding(self) -> Encoding:
        """What positions count, as agreed with the editor."""
        encodings: dict[str, Encoding] = {"utf-8": "utf-8", "utf-16": "utf-16", "utf-32": "utf-32"}
        return encodings[types.PositionEncodingKind(self.workspace.position_encoding).value]

    @property
    def knows_snippets(self) -> bool:
        """Whether the editor can put the cursor into the middle of what is inserted."""
        text = self.client_capabilities.text_document
        item = text.completion.completion_item if text and text.completion else None
        return bool(item and item.snippet_support)

    def flow(self, uri: str) -> Document | None:
        """An open document, if it is a flow."""
        document = self.documents.get(uri)
        return document if document is not None and document.is_flow else None

    # ---- diagnostics

    def check_soon(self, document: Document, pause_s: float = _PAUSE_S) -> None:
        """Read the document when nothing was typed for a while."""
        if timer := self._timers.pop(document.uri, None):
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[document.uri] = loop.call_later(pause_s, self._check, document)

    def _check(self, document: Document) -> None:
        task = asyncio.get_running_loop().create_task(self._publish(document))
        self._tasks.add(task)
        task.add_done_callback(self._checked)

    def _checked(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a file could not be checked", exc_info=error)

    async def _publish(self, document: Document) -> None:
        version = document.version
        if not document.is_flow:
            self._tell(document, version, [])
            return
        reading = await document.read()
        # An outdated text is not spoken of: its change has asked for another reading.
        if reading is not None and self.documents.get(document.uri) is document:
            self._tell(document, version, [diagnostic(document, finding) for finding in reading.findings])

    def _tell(self, document: Document, version: int | None, found: list[types.Diagnostic]) -> None:
        """Publish; of files that were never flows nothing is said."""
        if found or document.uri in self._told or document.is_flow:
            self._told.add(document.uri)
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(document.uri, found, version)
            )

    def forget(self, uri: str) -> None:
        """A document was closed."""
        self.documents.pop(uri, None)
        if timer := self._timers.pop(uri, None):
            timer.cancel()
        if uri in self._told:
            self._told.discard(uri)
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
