"""Reads the fields of a flow file: a value of the expected kind, or a finding with its place."""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as AbstractMapping

import msgspec

from headrace.errors import Finding, Severity
from headrace.expr import Scope, Template, TemplateTree, compile_template
from headrace.expr.suggestion import did_you_mean, listed
from headrace.flow.tree import Broken, Mapping, Scalar, Tree
from headrace.flow.tree import Sequence as TreeSequence
from headrace.sdk.settings import parse_duration
from headrace.source import Span

__all__ = ["Reader", "kind_of", "template_tree"]

_NOTHING: AbstractMapping[str, str] = {}
_MEANT = re.compile(r"(?:^write|did you mean) `(\w+)`")
_COLON = re.compile(r"\s*[:：]")
_KIND = {bool: "a boolean", int: "a number", float: "a number", str: "text", type(None): "null"}


def kind_of(tree: Tree) -> str:
    """What a tree is, in the user's words."""
    match tree:
        case Mapping():
            return "a mapping"
        case TreeSequence():
            return "a list"
        case Scalar():
            return _KIND[type(tree.value)]
        case Broken():
            return "unreadable"


class Reader(msgspec.Struct):
    """Collects findings while fields are read. Each method returns None where it has reported."""

    findings: list[Finding] = msgspec.field(default_factory=list)

    def error(self, code: str, message: str, span: Span, cure: str = "") -> None:
        """Report an error."""
        self.findings.append(Finding(code, message, span, cure=cure))

    def warn(self, code: str, message: str, span: Span, cure: str = "") -> None:
        """Report a warning."""
        self.findings.append(Finding(code, message, span, Severity.WARNING, cure))

    def mapping(
        self, tree: Tree | None, what: str, keys: Sequence[str] = (), *, cure: str = ""
    ) -> Mapping | None:
        """A mapping, with no other keys than these (any, if none are given).

        Args:
            cure: how it is written, for those who wrote something else.
        """
        if tree is None or isinstance(tree, Broken):
            return None
        if not isinstance(tree, Mapping):
            self.error("HR115", f"{what} must be a mapping, but it is {kind_of(tree)}", tree.span, cure)
            return None
        if keys:
            self.known(tree, what, keys)
        return tree

    def known(
        self,
        tree: Mapping,
        what: str,
        keys: Iterable[str],
        elsewhere: AbstractMapping[str, str] = _NOTHING,
    ) -> set[str]:
        """Report keys that do not exist (HR110).

        Args:
            elsewhere: for keys that people expect here, where that belongs instead.

        Returns:
            The keys that were probably meant.
        """
        keys = list(keys)
        meant: set[str] = set()
        for key, entry in tree.entries.items():
            if key in keys:
                continue
            if hint := elsewhere.get(key):
                meant.update(_MEANT.findall(hint))
                self.error("HR110", f"unknown key `{key}` in {what}; {hint}", entry.place)
                continue
            colon = _COLON.search(key)
            if colon and key[: colon.start()] in keys:
                begin = f"{key[: colon.start()]}: "
                meant.add(key[: colon.start()])
                message = f"unknown key `{key}` in {what}; write `{begin}…`, with a space after the `:`"
                self.error("HR110", message, entry.place)
                continue
            free = [name for name in keys if name not in tree.entries]
            hint = did_you_mean(key, free) or did_you_mean(key, keys)
            meant.update(_MEANT.findall(hint))
            cure = "" if hint else f"it has {listed(keys)}"
            self.error("HR110", f"unknown key `{key}` in {what}{hint}", entry.place, cure)
        return meant

    def items(self, tree: Tree | None, what: str, *, cure: str = "") -> tuple[Tree, ...]:
        """The items of a list; none for null."""
        match tree:
            case None | Broken():
                return ()
            case TreeSequence():
                return tree.items
            case Scalar(value=None):
                return ()
            case _:
                message = f"{what} must be a list, but it is {kind_of(tree)}"
                self.error("HR115", message, tree.span, cure)
                return ()

    def text(self, tree: Tree | None, what: str) -> str | None:
        """Text; a number is not taken for text."""
        if tree is None or isinstance(tree, Broken):
            return None
        if isinstance(tree, Scalar) and isinstance(tree.value, str):
            return tree.value
        cure = ""
        if isinstance(tree, Scalar) and tree.value is not None:
            cure = f'quote it: `"{tree.text.value}"`'
        self.error("HR115", f"{what} must be text, but it is {kind_of(tree)}", tree.span, cure)
        return None

    def number(self, tree: Tree | None, what: str, *, least: float, whole: bool) -> float | None:
        """A number of at least `least`."""
        if tree is None or isinstance(tree, Broken):
            return None
        word = "a whole number" if whole else "a number"
        value = tree.value if isinstance(tree, Scalar) else None
        if isinstance(value, bool) or not isinstance(value, int | float) or (whole and value != int(value)):
            found = str(value) if isinstance(value, float) else kind_of(tree)
            self.error("HR115", f"{what} must be {word}, but it is {found}", tree.span)
            return None
        if value < least:
            self.error("HR115", f"{what} must be {least:g} or more", tree.span)
            return None
        return int(value) if whole else value

    def duration(self, tree: Tree | None, what: str) -> float | None:
        """A duration in seconds (HR118)."""
        if tree is None or isinstance(tree, Broken):
            return None
        if not isinstance(tree, Scalar) or tree.value is None:
            message = f"{what} must be a duration such as `30s`, but it is {kind_of(tree)}"
            self.error("HR118", message, tree.span)
            return None
        try:
            return parse_duration(tree.value)
        except ValueError as error:
            self.error("HR118", str(error), tree.span)
            return None

    def compile(self, tree: Tree, scope: Scope) -> Template:
        """Compile a template; everything that is wrong with it is reported."""
        return compile_template(template_tree(tree, self), scope, self.findings)


def template_tree(tree: Tree, reader: Reader) -> TemplateTree:
    """A tree as the expression compiler takes it; keys that look like expressions are HR138."""
    match tree:
        case Scalar():
            return tree.text if isinstance(tree.value, str) else tree.value
        case TreeSequence():
            return [template_tree(item, reader) for item in tree.items]
        case Mapping():
            for key, entry in tree.entries.items():
                if "{{" in key:
                    cure = 'build the object in one expression: `"{{ {[$.name]: $.value} }}"`'
                    reader.error("HR138", f"keys are never evaluated: `{key}`", entry.place, cure)
            return {key: template_tree(entry.value, reader) for key, entry in tree.entries.items()}
        case Broken():
            return None
