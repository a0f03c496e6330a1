"""Secrets that stand in the file itself."""

import re
from collections.abc import Iterator

from headrace.flow.field import Reader
from headrace.flow.lint.view import View
from headrace.flow.tree import Scalar, Tree, walk
from headrace.source import Span

__all__ = ["check_pasted"]

# How services mark their tokens, so that scanners find them; nothing else begins like this.
_TOKEN = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{50,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{20,}"
    r"|sk_live_[A-Za-z0-9]{20,}|rk_live_[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}"
    r"|npm_[A-Za-z0-9]{36}|SG\.[\w-]{22}\.[\w-]{43}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,})",
    re.ASCII,
)
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----")
_IN_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@{}]+:([^@/\s{}]+)@(?P<host>[^/:\s?#]+)")
_LOCAL = re.compile(r"localhost|127(?:\.\d+){3}|\[?::1\]?|embedded|[^.]+|.*\.(?:local|test|example|invalid)")
_SECRET_KEYS = frozenset({"password", "token", "apiKey", "clientSecret", "secret"})
_CURE = "list a name in `spec.secrets`, read it as `{{$.secrets.name}}`, and change the one that was here"


def check_pasted(view: View, reader: Reader) -> None:
    """HR154: a token, a key or a URL's password stands in the file, where everybody reads it."""
    for text in _plain_passwords(view):
        _warn("a password", text.text.whole, reader)
    for text in _texts(view):
        for what, start, end in _found(text.text.value):
            _warn(what, text.text.span(start, end), reader)


def _warn(what: str, span: Span, reader: Reader) -> None:
    span.source.hide(span.start, span.end)
    reader.warn("HR154", f"{what} stands in the file", span, _CURE)


def _plain_passwords(view: View) -> Iterator[Scalar]:
    """Constants of settings that hold a password or a token, of nodes that connect to another machine."""
    for node in view.draft.nodes.values():
        host = (
            node.settings.optional("host")
            or node.settings.optional("url")
            or node.settings.optional("baseUrl")
        )
        name = str(host.value) if isinstance(host, Scalar) else ""
        if not name or _LOCAL.fullmatch(name.partition("://")[2].partition("/")[0].partition(":")[0] or name):
            continue
        for path, part in walk(node.settings):
            if path and path[-1] in _SECRET_KEYS and isinstance(part, Scalar) and _is_constant(part):
                yield part


def _is_constant(part: Scalar) -> bool:
    return isinstance(part.value, str) and bool(part.value) and "{{" not in part.value


def _found(value: str) -> Iterator[tuple[str, int, int]]:
    for match in _TOKEN.finditer(value):
        yield "an access token", match.start(), match.end()
    for match in _PRIVATE_KEY.finditer(value):
        yield "a private key", match.start(), match.end()
    for match in _IN_URL.finditer(value):
        if not _LOCAL.fullmatch(match["host"]):
            yield "a password", match.start(1), match.end(1)


def _texts(view: View) -> Iterator[Scalar]:
    trees: list[Tree | None] = [edge.data_tree or edge.add_tree for edge in view.draft.edges]
    for node in view.draft.nodes.values():
        trees += [node.settings, node.input_tree]
    seen: set[int] = set()
    for tree in trees:
        for _, part in walk(tree) if tree is not None else ():
            if isinstance(part, Scalar) and isinstance(part.value, str) and id(part) not in seen:
                seen.add(id(part))
                yield part
