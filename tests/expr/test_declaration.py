"""What functions declare of their types in one short text."""

import pytest

from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.declaration import types_of
from headrace.expr.shape import KINDS
from support.inference import written

SCALAR = {"boolean", "number", "text"}


def test_parameters_take_kinds_and_what_else_is_said_behind_them():
    types = types_of("text, scalar?, time, array|object, any → text")
    assert [takes.kinds for takes in types.takes] == [
        {"text"},
        SCALAR | {"null"},
        {"number", "text"},
        {"array", "object"},
        KINDS,
    ]
    assert (types.parameter(0), types.parameter(5)) == (types.takes[0], None)


def test_any_number_of_parameters_may_follow():
    types = types_of("object, ...object? → object")
    assert [types.parameter(position).kinds for position in (0, 1, 7)] == [
        {"object"},
        {"object", "null"},
        {"object", "null"},
    ]


def test_special_words_say_how_an_argument_is_looked_at():
    maybe, part, fallback, pattern = types_of("maybe, part, fallback, text|pattern → any").takes
    assert (maybe.guards, part.of_text, fallback.is_fallback, pattern.takes_pattern) == (
        True,
        SCALAR,
        True,
        True,
    )
    assert (maybe.kinds, part.kinds, fallback.kinds, pattern.kinds) == (KINDS, KINDS, KINDS, {"text"})


@pytest.mark.parametrize(
    ("text", "gives", "gives_null"),
    [
        ("→ number", "number", False),
        ("text? → text?", "text", True),
        ("array → number|null", "null|number", False),
        ("→ text[]", "[text]", False),
        ("text?, text → array|object|null?", "null|array|object", True),
        ("any → any", "any", False),
    ],
)
def test_the_result(text, gives, gives_null):
    types = types_of(text)
    assert (written(types.gives), types.gives_null, types.text) == (gives, gives_null, text)


@pytest.mark.parametrize("text", ["text", "string → text", "text → string", "→ number|txt"])
def test_what_is_no_declaration_is_refused(text):
    with pytest.raises(ValueError, match=r"is no kind|does not say"):
        types_of(text)


@pytest.mark.parametrize("table", [FUNCTIONS, METHODS], ids=["functions", "methods"])
def test_null_for_null_is_declared_only_where_the_first_parameter_takes_null(table):
    wrong = [
        name
        for name, entry in table.items()
        if entry.types.gives_null and "null" not in entry.types.parameter(0).kinds
    ]
    assert wrong == []
