"""A file as it may be shown where a secret stands in it."""

from collections.abc import Iterable

from headrace.source import Source, Span

__all__ = ["masked"]


def masked(spans: Iterable[Span]) -> list[Span]:
    """The same places in a source whose text at all of them is hidden, so that no excerpt carries it on."""
    places = list(spans)
    if not places:
        return []
    text = list(places[0].source.text)
    for span in places:
        text[span.start : span.end] = "•" * (span.end - span.start)
    source = Source(places[0].source.name, "".join(text))
    return [source.span(span.start, span.end) for span in places]
