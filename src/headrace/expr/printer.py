"""Nodes to text that parses to the same nodes."""

from collections.abc import Iterable

from headrace.expr.literal import quote
from headrace.expr.nodes import (
    Array,
    ArrayPattern,
    Arrow,
    AtomPattern,
    Binary,
    Call,
    Child,
    Conditional,
    Constant,
    Descendant,
    Each,
    Filter,
    FunctionName,
    Group,
    Index,
    Invoke,
    Literal,
    Member,
    MethodCall,
    Name,
    Node,
    Object,
    ObjectPattern,
    Parameter,
    PatternMember,
    Property,
    Query,
    Regex,
    Root,
    Slice,
    Spread,
    TextTemplate,
    Unary,
    Undefined,
    Union,
)

__all__ = ["print_node"]


def print_node(node: Node) -> str:
    """The text of a node, in one line.

    Parentheses are nodes (`Group`), so none are added: nodes that come from the parser have all they need.
    """
    match node:
        case (
            Literal() | Undefined() | Root() | Name() | FunctionName() | Constant() | Regex() | TextTemplate()
        ):
            return _operand(node)
        case Array() | Object() | Spread() | Property() | Group():
            return _collection(node)
        case Member() | Index() | Call() | MethodCall() | Invoke() | Query():
            return _access(node)
        case Arrow() | Parameter() | AtomPattern() | ObjectPattern() | PatternMember() | ArrayPattern():
            return _arrow(node)
        case Child() | Each() | Slice() | Filter() | Union() | Descendant():
            return _step(node)
        case Unary(operator=operator, operand=operand):
            return f"{operator} {print_node(operand)}"
        case Binary(operator=operator, left=left, right=right):
            return f"{print_node(left)} {operator} {print_node(right)}"
        case Conditional(test=test, then=then, otherwise=otherwise):
            return f"{print_node(test)} ? {print_node(then)} : {print_node(otherwise)}"
        case _:
            return _operand(node)


def _listed(nodes: Iterable[Node]) -> str:
    return ", ".join(map(print_node, nodes))


def _operand(node: Node) -> str:
    match node:
        case Literal(value=str() as value):
            return quote(value)
        case Literal(value=bool() as value):
            return "true" if value else "false"
        case Literal(value=None):
            return "null"
        case Literal(value=value):
            return repr(value)
        case Undefined():
            return "undefined"
        case Regex(source=source, flags=flags):
            return f"/{source}/{flags}"
        case TextTemplate(parts=parts):
            return f"`{''.join(map(_template_part, parts))}`"
        case Root(name=name) | Name(name=name) | FunctionName(name=name) | Constant(name=name):
            return name
        case _:
            raise TypeError(type(node).__name__)


def _template_part(part: str | Node) -> str:
    if isinstance(part, Node):
        return f"${{{print_node(part)}}}"
    escaped = part.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${")
    return escaped.replace("\r", "\\r").replace("\n", "\\n")


def _collection(node: Array | Object | Spread | Property | Group) -> str:
    match node:
        case Array(items=items):
            return f"[{_listed(items)}]"
        case Object(members=members):
            return f"{{{_listed(members)}}}"
        case Spread(value=value):
            return f"...{print_node(value)}"
        case Group(inner=inner):
            return f"({print_node(inner)})"
        case Property(short=True, key=key):
            return str(key)
        case Property(key=str() as key, value=value):
            return f"{quote(key)}: {print_node(value)}"
        case Property(key=Node() as key, value=value):
            return f"[{print_node(key)}]: {print_node(value)}"
        case _:
            raise TypeError(type(node).__name__)


def _access(node: Member | Index | Call | MethodCall | Invoke | Query) -> str:
    match node:
        case Member(target=target, name=name, optional=optional):
            return f"{_before_point(target)}{'?.' if optional else '.'}{name}"
        case Index(target=target, index=index, optional=optional):
            return f"{print_node(target)}{'?.' if optional else ''}[{print_node(index)}]"
        case Call(name=name, arguments=arguments):
            return f"{name}({_listed(arguments)})"
        case MethodCall(target=target, name=name, arguments=arguments, optional=optional):
            return f"{_before_point(target)}{'?.' if optional else '.'}{name}({_listed(arguments)})"
        case Invoke(arrow=arrow, arguments=arguments):
            return f"({print_node(arrow)})({_listed(arguments)})"
        case Query(target=target, steps=steps):
            return print_node(target) + "".join(map(print_node, steps))


def _before_point(target: Node) -> str:
    """The target of a member; a number is kept from taking the point for its own."""
    return f"{print_node(target)}{' ' * isinstance(target, Literal)}"


def _arrow(
    node: Arrow | Parameter | AtomPattern | ObjectPattern | PatternMember | ArrayPattern,
) -> str:
    match node:
        case Arrow(parameters=parameters, rest=rest, body=body):
            items = [*map(print_node, parameters), *([f"...{rest.name}"] if rest else [])]
            return f"({', '.join(items)}) => {print_node(body)}"
        case Parameter(pattern=pattern, default=default):
            return print_node(pattern) + (f" = {print_node(default)}" if default else "")
        case AtomPattern(name=name):
            return name
        case PatternMember(key=key, pattern=pattern, default=default):
            suffix = f" = {print_node(default)}" if default else ""
            return f"{quote(key)}: {print_node(pattern)}{suffix}"
        case ObjectPattern(members=members, rest=rest):
            items = [*map(print_node, members), *([f"...{rest.name}"] if rest else [])]
            return f"{{{', '.join(items)}}}"
        case ArrayPattern(items=elements, rest=rest):
            texts = [print_node(item) if item else "" for item in elements]
            items = [*texts, *([f"...{rest.name}"] if rest else [])]
            # A skipped element at the end needs the comma that follows it.
            return f"[{', '.join(items)}{',' if texts and not rest and not texts[-1] else ''}]"


def _step(node: Child | Each | Slice | Filter | Union | Descendant) -> str:
    match node:
        case Descendant(selector=selector):
            return f"..{_step(selector)}"
        case Union(selectors=selectors):
            return f"[{', '.join(map(_selector, selectors))}]"
        case _:
            return f"[{_selector(node)}]"


def _selector(node: Child | Each | Slice | Filter) -> str:
    match node:
        case Child(key=key):
            return quote(key) if isinstance(key, str) else str(key)
        case Each():
            return "*"
        case Slice(first=first, last=last, step=step):
            texts = ["" if item is None else str(item) for item in (first, last, step)]
            return ":".join(texts if step is not None else texts[:2])
        case Filter(condition=condition):
            return f"?{print_node(condition)}"
