"""Aliases: the tree of an anchor, read again in another place."""

from headrace.flow.tree import Broken, Entry, Mapping, Scalar, Sequence, Tree
from headrace.source import Source, Span, Text

__all__ = ["Reuse", "reuse"]


class Reuse(Source):
    """A source read through an alias or a merge key: the same text, and the place of the use.

    Everything below an alias has its places in a `Reuse`, so that whoever reports a finding there knows
    both the anchor's text and the place that used it.
    """

    def __init__(self, source: Source, name: str, use: Span) -> None:
        super().__init__(source.name, source.text)
        self.anchor = name
        self.use = use
        self.hidden = source.hidden  # what is hidden in one is hidden in all
        self.__dict__["line_starts"] = source.line_starts  # counted once per file, not per alias

    @property
    def uses(self) -> tuple[tuple[str, Span], ...]:
        """What to say of the use, from the inside out."""
        outer = self.use.source.uses if isinstance(self.use.source, Reuse) else ()
        return ((f"used here by `*{self.anchor}`", self.use), *outer)


def reuse(tree: Tree, name: str, use: Span) -> Tree:
    """The tree of the anchor `name` for one alias: the same text, in a source that knows the use."""
    return _Rebase(name, use).tree(tree)


class _Rebase:
    """Copies a tree into such a source, and aliases within it into one that knows both uses."""

    def __init__(self, name: str, use: Span) -> None:
        self.name = name
        self.use = use
        self.sources: dict[int, Reuse] = {}

    def source(self, source: Source) -> Source:
        if id(source) not in self.sources:
            if isinstance(source, Reuse):
                made = Reuse(source, source.anchor, self.span(source.use))
            else:
                made = Reuse(source, self.name, self.use)
            self.sources[id(source)] = made
        return self.sources[id(source)]

    def span(self, span: Span) -> Span:
        return Span(self.source(span.source), span.start, span.end)

    def tree(self, tree: Tree) -> Tree:
        span = self.span(tree.span)
        match tree:
            case Scalar():
                text = Text(tree.text.value, span.source, tree.text.offsets)
                return Scalar(tree.value, text, span)
            case Sequence():
                return Sequence(tuple(self.tree(item) for item in tree.items), span)
            case Mapping():
                entries = {
                    name: Entry(name, self.span(entry.place), self.tree(entry.value))
                    for name, entry in tree.entries.items()
                }
                return Mapping(entries, span)
            case Broken():
                return Broken(span)
