"""What stands at a place in an expression that is being typed."""

import pytest
from tests.lsp.marked import split

from headrace.lsp.expression import Spot, SpotKind, expression_at, spot_at


def spot(text: str) -> Spot | None:
    source, offset = split(text)
    found = expression_at(source.text, offset)
    return spot_at(source.text, found[0], offset) if found else None


def target(text: str) -> tuple[str, str] | None:
    """What the dot or bracket follows, and the name so far."""
    found = spot(text)
    if found is None or found.target is None:
        return None
    return found.text.value[found.target.start : found.target.end], found.name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{$.‸", ("$", "")),
        ("{{$.response.bo‸", ("$.response", "bo")),
        ("{{$.response.bo‸}}", ("$.response", "bo")),
        ("{{$.response.bo‸dy.x}}", ("$.response", "bo")),
        ("{{$?.a?.‸", ("$?.a", "")),
        ("{{$.a . ‸", ("$.a", "")),
        ("{{f($.a.‸", ("$.a", "")),
        ("{{f($.a.‸}}", ("$.a", "")),
        ("{{$.items.map(u => u.‸", ("u", "")),
        ("{{$.items.map(u => ({id: u.‸", ("u", "")),
        ("{{$.items.map(({a, b}) => a.‸)}}", ("a", "")),
        ("{{$.a ? $.b.‸", ("$.b", "")),
        ("{{$.a ? $.b : $.c.‸", ("$.c", "")),
        ("{{[1, $.b.‸", ("$.b", "")),
        ("{{ {a: {b: $.c.‸", ("$.c", "")),
        ("{{`x ${$.a.‸", ("$.a", "")),
        ("{{`x ${$.a.‸}`}}", ("$.a", "")),
        ("{{'}}' + $.a.‸", ("$.a", "")),
        ("{{/[}]/.test($.a.‸", ("$.a", "")),
        ("{{/* }} */ $.a.‸", ("$.a", "")),
        ("{{($.a || {}).‸", ("($.a || {})", "")),
        ("{{$.a.map(x => x).‸", ("$.a.map(x => x)", "")),
        ("{{$['‸", ("$", "")),
        ("{{$.a['b‸']}}", ("$.a", "b")),
        ('{{$.a?.["b‸', ("$.a", "b")),
        ("a {{$.x}} b {{$.y.‸ c", ("$.y", "")),
    ],
)
def test_a_member_is_asked_of_what_stands_before_it(text: str, expected: object) -> None:
    assert target(text) == expected


@pytest.mark.parametrize(
    ("text", "name", "names"),
    [
        ("{{‸", "", []),
        ("{{ lo‸ }}", "lo", []),
        ("{{$va‸", "$va", []),
        ("{{$.a + ‸", "", []),
        ("{{f(‸", "", []),
        ("{{$.a.map((item, index) => i‸", "i", ["item", "index"]),
        ("{{$.a.map(x => $.b.filter(y => ‸", "", ["y", "x"]),
        ("{{$.a.map(({id, name: {first}, ...rest}) => ‸", "", ["id", "first", "rest"]),
        ("{{$.a.map(([p, q = 1]) => ‸", "", ["p", "q"]),
        ("{{({id: ‸", "", []),
        ("{{$.a ? ‸", "", []),
    ],
)
def test_an_operand_knows_the_parameters_around_it(text: str, name: str, names: list[str]) -> None:
    found = spot(text)
    assert found is not None
    assert (found.kind, found.name, found.names) == (SpotKind.OPERAND, name, names)


def test_the_members_of_a_global_are_asked_by_its_name() -> None:
    found = spot("{{1 + Math.ro‸")
    assert found is not None
    assert (found.kind, found.owner, found.name) == (SpotKind.GLOBAL, "Math", "ro")


@pytest.mark.parametrize(
    "text",
    [
        "a ‸ b",
        "{{$.a}}‸",
        "{‸{$.a}}",
        "{{'te‸xt'}}",
        "{{`te‸xt`}}",
        "{{/* com‸ment */ 1}}",
        "{{$.a ‸}}",
        "{{1.‸",
        "{{$.a b.‸",
        "{{$..na‸",
    ],
)
def test_nothing_is_offered_where_nothing_can_stand(text: str) -> None:
    assert spot(text) is None


def test_every_cut_of_an_expression_can_be_asked() -> None:
    whole = "{{`a${$.b['c'].map(({d}, i) => ({d, e: d?.f ?? /[/]x/i.test(\"g\") ? -1 : [...$.h]}))}` /* i */ + 2 ** 3}}"
    for end in range(len(whole) + 1):
        for at in range(end + 1):
            text = whole[:end]
            if found := expression_at(text, at):
                spot_at(text, found[0], at)
