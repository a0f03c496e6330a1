"""Renders the chart's templates: the part of Go's templates and Helm's functions that they use, and nothing else.

What it does not know is an error, and so is a value that is not there: where it renders, Helm renders the same.
`test_chart.py` compares with Helm itself where that is installed.
"""

import re
from pathlib import Path

import yaml

_ACTION = re.compile(r"\{\{(?P<left>-)?\s*(?P<body>/\*.*?\*/|.*?)\s*(?P<right>-)?\}\}", re.DOTALL)
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[()|]|[^\s()|"]+')


class Chart:
    """A chart with values."""

    def __init__(self, folder, values=None, *, release="demo", namespace="apps"):
        self.folder = Path(folder)
        self.about = yaml.safe_load((self.folder / "Chart.yaml").read_text())
        self.values = laid(yaml.safe_load((self.folder / "values.yaml").read_text()), values or {})
        self.root = {
            "Values": self.values,
            "Release": {"Name": release, "Namespace": namespace, "Service": "Helm"},
            "Chart": {
                "Name": self.about["name"],
                "Version": self.about["version"],
                "AppVersion": self.about["appVersion"],
            },
        }
        self.defined = {}
        self.files = {
            path.name: parse(path.read_text()) for path in sorted((self.folder / "templates").iterdir())
        }
        for nodes in self.files.values():
            self.defined |= {node[1]: node[2] for node in nodes if node[:1] == ("define",)}
        self.texts = {name: self.render(nodes, self.root) for name, nodes in self.files.items()}

    @property
    def manifests(self):
        return [
            document
            for name, text in self.texts.items()
            if name.endswith(".yaml")
            for document in yaml.safe_load_all(text)
            if document
        ]

    def find(self, kind, part=""):
        (found,) = [
            each
            for each in self.manifests
            if each["kind"] == kind and each["metadata"]["name"].endswith(part)
        ]
        return found

    def render(self, nodes, dot):
        return "".join(self._node(node, dot) for node in nodes)

    def _node(self, node, dot):
        match node:
            case str():
                return node
            case ("define", _, _):
                return ""
            case ("if", branches):
                for condition, body in branches:
                    if condition is None or self.value(condition, dot):
                        return self.render(body, dot)
                return ""
            case ("with", source, body):
                value = self.value(source, dot)
                return self.render(body, value) if value else ""
            case ("range", source, body):
                return "".join(self.render(body, item) for item in self.value(source, dot))
            case ("action", source):
                value = self.value(source, dot)
                return str(value).lower() if isinstance(value, bool) else str(value)
        raise AssertionError(node)

    def value(self, source, dot):
        """A pipeline's value."""
        tokens = _TOKEN.findall(source)
        value, at = self._pipeline(tokens, 0, dot)
        assert at == len(tokens), source
        return value

    def _pipeline(self, tokens, at, dot):
        value, given = None, False
        while True:
            arguments, at = self._command(tokens, at, dot)
            head, *rest = arguments
            if callable(head):
                value = head(*rest, *([value] if given else []))
            else:
                assert not rest, tokens
                assert not given, tokens
                value = head
            given = True
            if at >= len(tokens) or tokens[at] != "|":
                return value, at
            at += 1

    def _command(self, tokens, at, dot):
        arguments = []
        while at < len(tokens) and tokens[at] not in "|)":
            if tokens[at] == "(":
                value, at = self._pipeline(tokens, at + 1, dot)
                assert tokens[at] == ")"
            else:
                value = self._operand(tokens[at], dot, is_first=not arguments)
            arguments.append(value)
            at += 1
        return arguments, at

    def _operand(self, token, dot, *, is_first):
        if token.startswith('"'):
            return yaml.safe_load(token)
        if token.isdecimal():
            return int(token)
        if token == ".":
            return dot
        if token.startswith((".", "$")):
            value = self.root if token.startswith("$") else dot
            for key in filter(None, token.lstrip("$").split(".")):
                value = value[key]
            return value
        assert is_first, f"{token} is no value"
        return FUNCTIONS[token] if token != "include" else self._include

    def _include(self, name, dot):
        return self.render(self.defined[name], dot)


def _dump(value):
    return yaml.safe_dump(value, default_flow_style=False).rstrip("\n")


def _indent(count, text):
    return "\n".join(" " * count + line for line in text.split("\n"))


FUNCTIONS = {
    "default": lambda other, value: value or other,
    "join": lambda between, items: between.join(items),
    "nindent": lambda count, text: "\n" + _indent(count, text),
    "printf": lambda form, *values: form % values,
    "quote": lambda value: '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"',
    "replace": lambda old, new, text: text.replace(old, new),
    "toYaml": _dump,
    "trimSuffix": lambda end, text: text.removesuffix(end),
    "trunc": lambda count, text: text[:count],
}


def parse(text):
    """Text and actions, nested."""
    parts, at, trims = [], 0, False
    for found in _ACTION.finditer(text):
        before = text[at : found.start()]
        before = before.lstrip() if trims else before
        parts.append(before.rstrip() if found["left"] else before)
        parts.append(("token", found["body"]))
        at, trims = found.end(), bool(found["right"])
    parts.append(text[at:].lstrip() if trims else text[at:])
    nodes, rest, end = _block(parts)
    assert (rest, end) == ([], None)
    return nodes


def _block(parts):
    """Nodes up to the end of a block, what comes after it, and how it ended."""
    nodes = []
    while parts:
        part, parts = parts[0], parts[1:]
        if isinstance(part, str):
            nodes.append(part)
            continue
        word, _, rest = part[1].partition(" ")
        if part[1].startswith("/*"):
            continue
        if word in ("end", "else"):
            return nodes, parts, part[1]
        if word == "if":
            node, parts = _if(rest, parts)
            nodes.append(node)
        elif word in ("with", "range", "define"):
            body, parts, end = _block(parts)
            assert end == "end"
            nodes.append((word, rest.strip('"') if word == "define" else rest, body))
        else:
            nodes.append(("action", part[1]))
    return nodes, parts, None


def _if(condition, parts):
    branches = []
    while True:
        body, parts, end = _block(parts)
        branches.append((condition, body))
        if end == "end":
            return ("if", branches), parts
        assert end == "else", end
        condition = None


def laid(below, above):
    """Values over the chart's own, as Helm merges them."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: laid(below.get(key), value) for key, value in above.items()}}
    return above
