"""What is done for each message of an editor."""

from typing import TypeAlias

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import to_fs_path

from headrace.errors import UsageError
from headrace.lsp.completion import complete
from headrace.lsp.convert import completion_item, location, markdown, range_of, symbol
from headrace.lsp.document import Document
from headrace.lsp.hover import hover
from headrace.lsp.reading import Reading
from headrace.lsp.rename import rename
from headrace.lsp.service import REFUSED, FlowServer
from headrace.lsp.symbol import symbols
from headrace.lsp.target import Target, anchor_of, declarations, target_at, uses
from headrace.source import Source

__all__ = ["register"]

_TRIGGERS = (".", "$", "{", "[", ":", " ", ">", "/", '"', "'")

_Placed: TypeAlias = (
    types.HoverParams
    | types.DefinitionParams
    | types.ReferenceParams
    | types.PrepareRenameParams
    | types.RenameParams
)


def register(server: FlowServer) -> None:
    """Give a server all that it can do."""
    _register_documents(server)
    _register_questions(server)
    _register_names(server)
    _register_rename(server)


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
            completion_item(document, source, item, order, snippets=server.knows_snippets)
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


async def _named(server: FlowServer, params: _Placed) -> tuple[Document, Reading, Target | None] | None:
    """What has a name at a place; None in a file that is no flow."""
    document = server.flow(params.text_document.uri)
    if document is None:
        return None
    offset, reading = await _understood(document, params)
    return document, reading, target_at(reading.source, offset, reading, server.registry)


def _register_names(server: FlowServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def defined(params: types.DefinitionParams) -> list[types.Location] | None:
        found = await _named(server, params)
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
        found = await _named(server, params)
        if found is None:
            return None
        document, reading, target = found
        places = uses(target, reading) if target else []
        if target and params.context.include_declaration:
            places = [*declarations(target, reading), *places]
        return [location(document, span) for span in places]


def _register_rename(server: FlowServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepared(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        found = await _named(server, params)
        if found is None:
            return None
        document, reading, target = found
        if target is None or not declarations(target, reading):
            return None
        return types.PrepareRenamePlaceholder(range_of(document, target.span), target.name)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def renamed(params: types.RenameParams) -> types.WorkspaceEdit | None:
        found = await _named(server, params)
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


def _refusal(message: str) -> JsonRpcException:
    """A request that cannot be done; the editor shows the message."""
    return JsonRpcException(message, code=REFUSED)
