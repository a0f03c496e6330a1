"""YAML text -> located nodes. The only file that knows the YAML library.

Only the library's events are used: it splits the text, everything else is done here, since a flow is
read with places, with JSON's values, and with each mistake reported instead of the first alone.
"""

import re

import msgspec
import yaml

from headrace.errors import Finding, Severity
from headrace.expr.lookalike import INVISIBLE, suspicion
from headrace.flow.alias import reuse
from headrace.flow.plain import ambiguity, resolve
from headrace.flow.scalar import locate
from headrace.flow.syntax import Patch, explain, unquoted_expression
from headrace.flow.tree import Broken, Entry, Mapping, Scalar, Sequence, Tree, walk
from headrace.source import Source, Span, Text

__all__ = ["MAX_DEPTH", "read_yaml"]

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser's marks count code points too
MAX_DEPTH = 100
_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"
_MAX_VALUES = 100_000  # with aliases expanded
_CHARACTERS = 16  # of a text that is used again count as one more value: its expressions are read again
_MAX_ATTEMPTS = 20
_TAG = "tag:yaml.org,2002:"
_FORBIDDEN = re.compile(  # what is allowed would be said in fewer ranges, but takes 10 ms to compile
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)


def read_yaml(source: Source, findings: list[Finding]) -> Tree | None:
    """Read a file that holds one YAML document.

    Appends everything that is wrong with its YAML to `findings`. Parts that could not be read are
    `Broken` in the tree, so that the rest can be checked.

    Returns:
        None if nothing could be read.
    """
    bom = 1 if source.text.startswith("\ufeff") else 0
    if match := _FORBIDDEN.search(source.text, bom):
        findings.append(_forbidden(source, match))
        return None
    patches: list[Patch] = []
    text = source.text
    for _ in range(_MAX_ATTEMPTS):
        composer = _Composer(source, text, bom, {patch.start for patch in patches})
        try:
            tree = composer.compose()
        except yaml.MarkedYAMLError as error:
            finding, patch = _explain(source, error, bom)
            findings.append(finding)
            if patch is None or any(patch.start == done.start for done in patches):
                break
            patches.append(patch)
            text = _without(text, patch)
        except _TooMuch as error:
            findings.append(Finding("HR108", error.message, error.span))
            break
        else:
            findings += composer.findings
            return tree
    return None


def _explain(source: Source, error: yaml.MarkedYAMLError, bom: int) -> tuple[Finding, Patch | None]:
    place = error.problem_mark.index + bom if error.problem_mark else len(source.text)
    began = error.context_mark.index + bom if error.context_mark else place
    if "maximum nesting depth" in (
        error.problem or ""
    ):  # the parser's own limit, which it may meet before ours
        return Finding("HR108", _TOO_DEEP, source.span(place, place)), None
    return explain(source, error.problem or "", place, error.context or "", began)


def _without(text: str, patch: Patch) -> str:
    """The text with a piece made harmless; all other offsets and lines stay."""
    first, *more = re.split(r"(?=[\r\n])", text[patch.start : patch.end])
    quiet = "x" * len(first) + "".join(re.sub(r"[^\r\n]", " ", line) for line in more)
    return text[: patch.start] + quiet + text[patch.end :]


def _forbidden(source: Source, match: re.Match[str]) -> Finding:
    char = match[0]
    name = "NUL" if char == "\0" else f"U+{ord(char):04X}"
    if 0xD800 <= ord(char) <= 0xDFFF:
        message, cure = f"half a character ({name}); the file is damaged", "save it as UTF-8"
    else:
        escape = f"\\u{ord(char):04x}" if ord(char) > 0xFF else f"\\x{ord(char):02x}"
        message = f"the character {name} is not allowed in a flow file"
        cure = "delete it" if char in INVISIBLE else f'in double quotes it is written `"{escape}"`'
    return Finding("HR108", message, source.span(match.start(), match.end()), cure=cure)


class _TooMuch(Exception):
    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


class _Frame(msgspec.Struct):
    """A list or mapping that is being read."""

    start: int
    is_mapping: bool
    anchor: str | None
    size_before: int
    items: list[Tree] = msgspec.field(default_factory=list)
    entries: dict[str, Entry] = msgspec.field(default_factory=dict)
    merges: list[tuple[int, list[Mapping]]] = msgspec.field(default_factory=list)
    key: "tuple[Tree, bool] | None" = None  # the key whose value comes next, and whether it merges


class _Composer:
    """Builds the tree of one document from the parser's events."""

    def __init__(self, source: Source, text: str, bom: int, patched: set[int]) -> None:
        self.source = source
        self.raw = source if text is source.text else Source(source.name, text)
        self.bom = bom
        self.patched = patched
        self.findings: list[Finding] = []
        self.anchors: dict[str, tuple[Tree, int]] = {}
        self.stack: list[_Frame] = []
        self.size = 0
        self.root: Tree | None = None
        self.ignored = 0  # depth inside an unquoted `{{…}}`

    def compose(self) -> Tree | None:
        for event in yaml.parse(self.raw.text[self.bom :], Loader=_Loader):
            start, end = self._offsets(event)
            if self.ignored:
                self._ignore(event)
            elif isinstance(event, yaml.DocumentStartEvent):
                if self.root is not None:
                    self._second_document(start, end)
                    break
            elif isinstance(event, yaml.ScalarEvent):
                self._put(self._scalar(event, start, end), event.anchor, merge=_is_merge(event))
            elif isinstance(event, yaml.AliasEvent):
                self._put(self._alias(event.anchor or "", self.source.span(start, end)), None)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self._open(event, start, end - 1)
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                self._close(end)
        if self.root is None and not self.findings:
            self.findings.append(_empty(self.source))
        return self.root

    def _offsets(self, event: yaml.Event) -> tuple[int, int]:
        start, end = event.start_mark, event.end_mark
        return (start.index if start else 0) + self.bom, (end.index if end else 0) + self.bom

    def _ignore(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.CollectionStartEvent):
            self.ignored += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            self.ignored -= 1

    def _second_document(self, start: int, end: int) -> None:
        if re.fullmatch(r"(?:\s|#[^\r\n]*|---|\.\.\.)*", self.source.text[start:]):
            return
        message = "a second document begins here, but a file holds one flow"
        self.findings.append(
            Finding("HR108", message, self.source.span(start, end), cure="put it into a file of its own")
        )

    def _open(self, event: yaml.CollectionStartEvent, start: int, begin: int) -> None:
        """Begin a list or mapping; `begin` is where its bracket stands, after an anchor or a tag."""
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        if is_mapping and event.flow_style and self.raw.text.startswith("{{", begin):
            finding, end = unquoted_expression(self.source, begin)
            self.findings.append(finding)
            self.ignored = 1
            self._put(Broken(self.source.span(begin, end)), event.anchor)
            return
        if event.tag and event.tag not in {"!", _TAG + ("map" if is_mapping else "seq")}:
            self._bad_tag(event.tag, self.source.span(start, begin + 1))
        if len(self.stack) >= MAX_DEPTH:
            raise _TooMuch(_TOO_DEEP, self.source.span(start, start + 1))
        self.stack.append(_Frame(start, is_mapping, event.anchor, self.size))

    def _close(self, end: int) -> None:
        frame = self.stack.pop()
        if end > frame.start and not self.raw.text[end - 1 : end].strip("\r\n \t"):
            end = frame.start + len(self.raw.text[frame.start : end].rstrip())
        span = self.source.span(frame.start, end)
        tree = Mapping(_merged(frame), span) if frame.is_mapping else Sequence(tuple(frame.items), span)
        self._put(tree, frame.anchor, size=self.size - frame.size_before)

    def _put(self, tree: Tree, anchor: str | None, *, size: int = 0, merge: bool = False) -> None:
        """Hand a finished value to what encloses it."""
        self.size += 1
        if self.size > _MAX_VALUES:
            raise _TooMuch(f"more than {_MAX_VALUES:,} values, aliases expanded", tree.span)
        if anchor is not None:
            self.anchors[anchor] = (tree, size + 1)
        if not self.stack:
            self.root = tree
            return
        frame = self.stack[-1]
        if not frame.is_mapping:
            frame.items.append(tree)
        elif frame.key is None:
            frame.key = (tree, merge)
        else:
            key, is_merge = frame.key
            frame.key = None
            if is_merge:
                self._merge(frame, key, tree)
            else:
                self._entry(frame, key, tree)

    def _entry(self, frame: _Frame, key: Tree, value: Tree) -> None:
        name = self._key(key)
        if name is None:
            return
        if first := frame.entries.get(name):
            message = f"key `{name}` given twice; first at line {first.place.line}"
            self.findings.append(Finding("HR103", message, key.span))
            return
        frame.entries[name] = Entry(name, key.span, value)

    def _key(self, key: Tree) -> str | None:
        if isinstance(key, Broken):  # what is ambiguous as a value names its entry all the same
            return key.span.text if ambiguity(key.span.text) else None
        if isinstance(key, Scalar):
            if isinstance(key.value, str):
                return key.value
            if type(key.value) is int and str(key.value) == key.text.value:
                return key.text.value
            if key.text.value:
                message = f'key `{key.text.value}` is not text; quote it: `"{key.text.value}"`'
                self.findings.append(Finding("HR109", message, key.span))
                return None
        self.findings.append(Finding("HR109", "a key must be text", key.span))
        return None

    def _merge(self, frame: _Frame, key: Tree, value: Tree) -> None:
        parts = value.items if isinstance(value, Sequence) else (value,)
        mappings = [part for part in parts if isinstance(part, Mapping)]
        if len(mappings) < sum(not isinstance(part, Broken) for part in parts):
            message = "`<<` takes a mapping or a list of mappings"
            self.findings.append(Finding("HR109", message, value.span))
        elif frame.merges:
            self.findings.append(Finding("HR103", "key `<<` given twice; give it a list", key.span))
        else:
            frame.merges.append((len(frame.entries), mappings))

    def _scalar(self, event: yaml.ScalarEvent, start: int, end: int) -> Tree:
        if start in self.patched:
            return Broken(self.source.span(start, end))
        tagged = event.anchor is not None or event.tag is not None
        style = event.style or None  # the C parser gives an empty text for plain scalars
        raw = locate(self.raw, start, end, style, event.value, tagged=tagged)
        text = Text(raw.value, self.source, raw.offsets)
        if style in ("|", ">"):  # such a scalar reaches to the next line with content
            end = start + len(self.raw.text[start:end].rstrip())
            start = min(max(text.offsets[0], start), end)  # its text, not the line with `|`
        span = self.source.span(start, end)
        if event.tag is None and style is None:
            if message := ambiguity(event.value):
                self.findings.append(Finding("HR104", message, span))
                return Broken(span)
            if message := suspicion(event.value):
                self.findings.append(Finding("HR152", message, span, Severity.WARNING))
            return Scalar(resolve(event.value), text, span)
        if event.tag not in {None, "!", _TAG + "str"}:
            value = event.value if ambiguity(event.value) else resolve(event.value)
            if event.tag == _TAG + _TYPE_TAGS.get(type(value), "str"):
                return Scalar(value, text, span)
            self._bad_tag(event.tag, span)
            return Broken(span)
        return Scalar(event.value, text, span)

    def _bad_tag(self, tag: str, span: Span) -> None:
        name = tag.replace(_TAG, "!!")
        message = f"the tag `{name}` does not fit here; a flow holds JSON's values alone"
        self.findings.append(Finding("HR109", message, span, cure="leave the tag out"))

    def _alias(self, name: str, use: Span) -> Tree:
        if name not in self.anchors:
            inside = any(frame.anchor == name for frame in self.stack)
            message = f"`*{name}` stands inside of `&{name}`" if inside else f"no anchor `&{name}` above"
            self.findings.append(Finding("HR109", message, use))
            return Broken(use)
        tree, size = self.anchors[name]
        self.size += size - 1 + _characters(tree) // _CHARACTERS
        if self.size > _MAX_VALUES:
            raise _TooMuch(f"more than {_MAX_VALUES:,} values, aliases expanded", use)
        return reuse(tree, name, use)


def _characters(tree: Tree) -> int:
    """Of the texts with expressions in a tree."""
    texts = (part.text.value for _, part in walk(tree) if isinstance(part, Scalar))
    return sum(len(text) for text in texts if "{{" in text)


_TYPE_TAGS: dict[type, str] = {bool: "bool", int: "int", float: "float", type(None): "null"}


def _is_merge(event: yaml.ScalarEvent) -> bool:
    return bool(event.value == "<<" and not event.style and event.tag is None)


def _empty(source: Source) -> Finding:
    cure = "a flow has `apiVersion: headrace.dev/v1`, `kind: Flow`, `metadata` and `spec`"
    return Finding("HR108", "the file is empty", source.span(0, 0), cure=cure)


def _merged(frame: _Frame) -> dict[str, Entry]:
    """The entries with those of merge keys in the place of `<<`; own keys win, then earlier mappings."""
    if not frame.merges:
        return frame.entries
    (position, mappings), *_ = frame.merges
    own = list(frame.entries.items())
    added: dict[str, Entry] = {}
    for mapping in mappings:
        for name, entry in mapping.entries.items():
            if name not in frame.entries:
                added.setdefault(name, entry)
    return {**dict(own[:position]), **added, **dict(own[position:])}
