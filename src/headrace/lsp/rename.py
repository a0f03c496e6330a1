"""Renames a node, secret or var everywhere in its file."""

from headrace.errors import UsageError
from headrace.flow.field import Reader
from headrace.flow.node import read_node
from headrace.flow.plain import ambiguity, resolve
from headrace.flow.resource import read_secrets
from headrace.flow.tree import Entry, Mapping, Scalar, Sequence
from headrace.lsp.reading import Reading
from headrace.lsp.target import Target, declarations, uses
from headrace.sdk import Registry
from headrace.source import Span, Text

__all__ = ["rename"]


def rename(target: Target, name: str, reading: Reading) -> list[tuple[Span, str]]:
    """The pieces to replace, and what by; none of them overlap.

    Raises:
        UsageError: the name cannot be had, or not all places are known.
    """
    if reading.draft is None:
        raise UsageError("the file has mistakes in its YAML; nothing can be renamed before they are mended")
    places = declarations(target, reading)
    if not places:
        raise UsageError(f"`{target.name}` is declared nowhere in this file")
    _check(target, name, reading)
    return [(span, name) for span in (*map(_inside, places), *uses(target, reading))]


def _inside(span: Span) -> Span:
    """A name without its quotes."""
    text = span.text
    is_quoted = len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]
    return Span(span.source, span.start + 1, span.end - 1) if is_quoted else span


def _check(target: Target, name: str, reading: Reading) -> None:
    if ambiguity(name) or not isinstance(resolve(name), str):
        raise UsageError(f"`{name}` needs quotes wherever it stands; choose another name")
    taken = {
        "node": list(reading.draft.nodes if reading.draft else ()),
        "var": list(reading.draft.vars if reading.draft else ()),
        "secret": list(reading.draft.secrets if reading.draft else ()),
    }[target.kind]
    if name in taken and name != target.name:
        raise UsageError(f"there is a {target.kind} `{name}` already")
    reader = Reader()
    text = Text.bare(name)
    if target.kind == "node":
        read_node(Entry(name, text.whole, Mapping({}, text.whole)), {}, Registry(()), reader)
    elif target.kind == "secret":
        read_secrets(Sequence((Scalar(name, text, text.whole),), text.whole), reader)
    elif not name.isidentifier():
        raise UsageError(f"`{name}` is no name for a var; use letters, digits and `_`")
    for finding in reader.findings:
        if finding.code == "HR125":
            raise UsageError(finding.message)
