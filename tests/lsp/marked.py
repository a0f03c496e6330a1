"""Texts in which `‸` marks a place, and questions asked there."""

from headrace.app import builtin_registry
from headrace.lsp.completion import complete
from headrace.lsp.grammar import Grammar
from headrace.lsp.hover import hover
from headrace.lsp.reading import Reading, read, repaired
from headrace.lsp.suggestion import Suggestion
from headrace.source import Source

REGISTRY = builtin_registry()
GRAMMAR = Grammar(REGISTRY)

FLOW = """\
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: sync}
spec:
  secrets: [apiToken, dbUrl]
  vars: {pageSize: 100, "page-no": 1}
  nodes:
    hourly:
      component: common-module/ticker
      settings: {interval: 1h, payload: {mode: full}}
    state:
      component: common-module/modify
      input: {page: 1, mode: "{{$.payload.mode}}"}
    fetch:
      component: http-module/client
      description: Asks the API for users.
      settings: {baseUrl: "https://api.example.com"}
      input: {url: /users}
    batches:
      component: common-module/iterator
      input: {array: "{{$.response.bodyJson.users}}", context: "{{$.page}}"}
    route:
      component: common-module/router
      settings: {rules: [{when: "{{$.total > 1}}", outputPort: more}]}
    last: {component: common-module/debug}
  edges:
    - hourly -> state -> fetch -> batches
    - batches:done -> route
    - route:more -> last
"""


def split(text: str) -> tuple[Source, int]:
    """The text without its mark, and the offset at which that stood."""
    before, mark, after = text.partition("‸")
    assert mark, "no place is marked"
    return Source("flow.yaml", before + after), len(before)


def flow(*, node: str = "", edge: str = "", below: str = "") -> str:
    """The flow with lines added to its nodes, to its edges, or below one of its lines.

    Args:
        node: lines of `nodes`, as they stand there.
        edge: lines of `edges`.
        below: a line of the flow, and lines that are put below it.
    """
    text = FLOW
    if node:
        text = text.replace("  edges:\n", f"{node}\n  edges:\n")
    if below:
        line, _, more = below.partition("\n")
        assert f"{line}\n" in text, line
        text = text.replace(f"{line}\n", f"{line}\n{more}\n")
    return text + (f"{edge}\n" if edge else "")


def understood(text: str, *, in_place: bool = True) -> tuple[Source, int, Reading]:
    """A marked text, as a server understands it that has never seen it before."""
    source, offset = split(text)
    reading = read(source, REGISTRY)
    if reading.tree is None:
        reading = repaired(source, REGISTRY, offset, in_place=in_place)
    return source, offset, reading


def suggestions(text: str) -> list[Suggestion]:
    """What completion offers at the mark, best first."""
    source, offset, reading = understood(text, in_place=False)
    return sorted(complete(source, offset, reading, GRAMMAR), key=lambda item: item.rank)


def offered(text: str) -> list[str]:
    """The labels of what completion offers at the mark."""
    return [item.label for item in suggestions(text)]


def chosen(text: str, label: str) -> str:
    """The line with the mark once a suggestion was taken; the cursor then stands at `‸`."""
    source, offset = split(text)
    item = next(item for item in suggestions(text) if item.label == label)
    made = source.text[: item.start] + item.text + "‸" + item.after + source.text[item.end :]
    line, _ = source.position(offset)
    return made.split("\n")[line - 1].strip()


def explained(text: str) -> str | None:
    """What is told at the mark, which stands before the character that is pointed at."""
    source, offset, reading = understood(text)
    found = hover(source, offset, reading, GRAMMAR)
    return found.text if found else None


def pointed(text: str) -> str | None:
    """The text that an explanation is about."""
    source, offset, reading = understood(text)
    found = hover(source, offset, reading, GRAMMAR)
    return found.span.text if found else None
