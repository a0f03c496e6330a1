"""The server: requests of editors in, answers out, and diagnostics after every pause in typing."""

import asyncio
import logging
import os
import sys
from contextlib import suppress
from typing import TypeAlias

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from headrace import __version__
from headrace.errors import UsageError
from headrace.lsp.completion import complete
from headrace.lsp.convert import completion_item, diagnostic, location, markdown, range_of, symbol
from headrace.lsp.document import Document
from headrace.lsp.grammar import Grammar
from headrace.lsp.hover import hover
from headrace.lsp.position import Encoding
from headrace.lsp.protocol import Protocol
from headrace.lsp.reading import Reading
from headrace.lsp.rename import rename
from headrace.lsp.symbol import symbols
from headrace.lsp.target import Target, anchor_of, declarations, target_at, uses
from headrace.sdk import Registry
from headrace.source import Source

__all__ = ["serve"]

_PAUSE_S = 0.15
"""How long nothing must be typed before the text is read."""

_TRIGGERS = (".", "$", "{", "[", ":", " ", ">", "/", '"', "'")
_REFUSED = types.LSPErrorCodes.RequestFailed.value
_log = logging.getLogger(__name__)


_Placed: TypeAlias = (
    types.HoverParams
    | types.DefinitionParams
    | types.ReferenceParams
    | types.PrepareRenameParams
    | types.RenameParams
)


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
        if getattr(error, "code", None) != _REFUSED:
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


def serve(registry: Registry, port: int | None = None) -> int:
    """Serve one editor until it leaves.

    Args:
        registry: the components that there are.
        port: of 127.0.0.1, where one editor may connect; None for standard input and output.

    Returns:
        The exit code of the protocol: 0 if the editor had shut the server down before it left, else 1.
    """
    server = make_server(registry)
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_no_refusal)
    if port is None:
        # The library closes what it writes to, and nothing else may be written there.
        with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output:
            server.start_io(sys.stdin.buffer, output)
        return 0 if server.ended else 1
    with suppress(SystemExit):  # how the library ends
        server.start_tcp("127.0.0.1", port)
    return 0 if server.ended else 1


def make_server(registry: Registry) -> FlowServer:
    """A server with all that it can do."""
    server = FlowServer(registry)
    _register_documents(server)
    _register_questions(server)
    _register_names(server)
    return server


def _register_documents(server: FlowServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        name = to_fs_path(item.uri) or item.uri
        document = Document(
            item.uri, name, Source(name, item.text), server.encoding, server.registry, item.version
        )
        server.documents[item.uri] = document
        server.check_soon(document, 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        document = server.documents.get(params.text_document.uri)
        if document is None:
            return
        document.version = params.text_document.version
        for change in params.content_changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, end = change.range.start, change.range.end
                document.edit((start.line, start.character), (end.line, end.character), change.text)
            else:
                document.replace(change.text)
        server.check_soon(document)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.forget(params.text_document.uri)

    @server.feature(types.SHUTDOWN)
    def shut_down(_: None) -> None:
        server.ended = True


def _register_questions(server: FlowServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=_TRIGGERS))
    async def completion(params: types.CompletionParams) -> types.CompletionList | None:
        document = server.flow(params.text_document.uri)
        if document is None:
            return None
        source = document.source
        offset = document.offset(params.position.line, params.position.character)
        reading = await document.soon(offset)
        found = complete(source, offset, reading, server.grammar)
        items = [
            completion_item(document, item, order, snippets=server.knows_snippets)
            for order, item in enumerate(found)
        ]
        return types.CompletionList(is_incomplete=False, items=items)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hovered(params: types.HoverParams) -> types.Hover | None:
        document = server.flow(params.text_document.uri)
        if document is None:
            return None
        offset, reading = await _understood(document, params)
        found = hover(reading.source, offset, reading, server.grammar)
        return types.Hover(markdown(found.text), range_of(document, found.span)) if found else None

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def outline(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol] | None:
        document = server.flow(params.text_document.uri)
        if document is None:
            return None
        reading = await document.understood(0)
        return [symbol(document, found) for found in symbols(reading)]


async def _understood(document: Document, params: _Placed) -> tuple[int, Reading]:
    offset = document.offset(params.position.line, params.position.character)
    return offset, await document.understood(offset)


def _register_names(server: FlowServer) -> None:
    async def named(
        params: _Placed,
    ) -> tuple[Document, Reading, Target | None] | None:
        document = server.flow(params.text_document.uri)
        if document is None:
            return None
        offset, reading = await _understood(document, params)
        return document, reading, target_at(reading.source, offset, reading, server.registry)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def defined(params: types.DefinitionParams) -> list[types.Location] | None:
        found = await named(params)
        if found is None:
            return None
        document, reading, target = found
        offset = document.offset(params.position.line, params.position.character)
        places = declarations(target, reading) if target else []
        if anchor := anchor_of(reading.source, offset):
            places = [anchor]
        return [location(document, span) for span in places]

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def referenced(params: types.ReferenceParams) -> list[types.Location] | None:
        found = await named(params)
        if found is None:
            return None
        document, reading, target = found
        places = uses(target, reading) if target else []
        if target and params.context.include_declaration:
            places = [*declarations(target, reading), *places]
        return [location(document, span) for span in places]

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepared(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        found = await named(params)
        if found is None:
            return None
        document, reading, target = found
        if target is None or not declarations(target, reading):
            return None
        return types.PrepareRenamePlaceholder(range_of(document, target.span), target.name)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def renamed(params: types.RenameParams) -> types.WorkspaceEdit | None:
        found = await named(params)
        if found is None:
            return None
        document, reading, target = found
        if target is None:
            return None
        if reading.source is not document.source:
            raise _refusal("the file has mistakes in its YAML; mend them before you rename")
        try:
            pieces = rename(target, params.new_name, reading)
        except UsageError as error:
            raise _refusal(error.message) from error
        edits = [types.TextEdit(range_of(document, span), text) for span, text in pieces]
        return types.WorkspaceEdit(changes={document.uri: edits})


def _is_no_refusal(record: logging.LogRecord) -> bool:
    """Keeps what was refused out of the log: it is the user's mistake, and the editor shows it."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, JsonRpcException) and error.code == _REFUSED)


def _refusal(message: str) -> JsonRpcException:
    """A request that cannot be done; the editor shows the message."""
    return JsonRpcException(message, code=_REFUSED)
