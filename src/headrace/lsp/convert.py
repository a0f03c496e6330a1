"""What was found, in the protocol's types."""

from lsprotocol import types

from headrace.errors import Finding, Severity
from headrace.lsp.document import Document
from headrace.lsp.suggestion import Suggestion, SuggestionKind
from headrace.lsp.symbol import Symbol
from headrace.pages import page_of
from headrace.source import Source, Span

__all__ = ["completion_item", "diagnostic", "location", "markdown", "range_of", "symbol"]

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
}
_KINDS = {
    SuggestionKind.KEY: types.CompletionItemKind.Property,
    SuggestionKind.VALUE: types.CompletionItemKind.Value,
    SuggestionKind.COMPONENT: types.CompletionItemKind.Module,
    SuggestionKind.NODE: types.CompletionItemKind.Class,
    SuggestionKind.PORT: types.CompletionItemKind.Interface,
    SuggestionKind.MEMBER: types.CompletionItemKind.Field,
    SuggestionKind.METHOD: types.CompletionItemKind.Method,
    SuggestionKind.FUNCTION: types.CompletionItemKind.Function,
    SuggestionKind.NAMESPACE: types.CompletionItemKind.Module,
    SuggestionKind.NAME: types.CompletionItemKind.Variable,
    SuggestionKind.WORD: types.CompletionItemKind.Keyword,
}
_SYMBOLS = {
    "part": types.SymbolKind.Namespace,
    "node": types.SymbolKind.Class,
    "trigger": types.SymbolKind.Event,
    "edge": types.SymbolKind.Interface,
}


def range_of(document: Document, span: Span) -> types.Range:
    """A place as a range."""
    start, end = document.positions(span)
    return types.Range(types.Position(*start), types.Position(*end))


def location(document: Document, span: Span) -> types.Location:
    """A place as a location in the document."""
    return types.Location(document.uri, range_of(document, span))


def markdown(text: str) -> types.MarkupContent:
    """Markdown."""
    return types.MarkupContent(types.MarkupKind.Markdown, text)


def diagnostic(document: Document, finding: Finding) -> types.Diagnostic:
    """A finding; its cure belongs to the message, its code leads to the code's page."""
    page = page_of(finding.code)
    return types.Diagnostic(
        range=range_of(document, finding.span),
        message="\n".join(filter(None, (finding.message, finding.cure))),
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        code_description=types.CodeDescription(page.as_uri()) if page else None,
        source="headrace",
        related_information=[
            types.DiagnosticRelatedInformation(location(document, span), text) for text, span in finding.also
        ]
        or None,
    )


def completion_item(
    document: Document, source: Source, item: Suggestion, order: int, *, snippets: bool
) -> types.CompletionItem:
    """A suggestion for a text; its place behind what is inserted is kept where the editor knows snippets."""
    text, form = item.text, types.InsertTextFormat.PlainText
    if item.after and snippets:
        text, form = f"{_literal(item.text)}$0{_literal(item.after)}", types.InsertTextFormat.Snippet
    return types.CompletionItem(
        label=item.label,
        kind=_KINDS[item.kind],
        detail=item.detail or None,
        documentation=markdown(item.documentation) if item.documentation else None,
        sort_text=f"{item.rank}{order:04}",
        filter_text=item.filter or None,
        insert_text_format=form,
        text_edit=types.TextEdit(
            range_of(document, source.span(item.start, item.end)), text
        ),
    )  # fmt: skip


def _literal(text: str) -> str:
    """Text in a snippet."""
    return text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")


def symbol(document: Document, found: Symbol) -> types.DocumentSymbol:
    """An entry of the outline."""
    return types.DocumentSymbol(
        name=found.name,
        kind=_SYMBOLS[found.kind],
        range=range_of(document, found.span),
        selection_range=range_of(document, found.place),
        detail=found.detail or None,
        children=[symbol(document, below) for below in found.children],
    )
