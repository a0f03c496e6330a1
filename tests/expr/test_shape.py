"""The domain of shapes: what they admit, and how they are joined, laid over each other and widened."""

import random

import pytest

from headrace.expr.shape import (
    ANY,
    NOTHING,
    NULL,
    Member,
    ObjectShape,
    admits,
    array_of,
    items_of,
    join,
    join_all,
    object_of,
    of,
    overlay,
    shape_of,
    spread,
    values_of,
    widen,
)
from support.generation import object_shape, shape, value_of
from support.inference import written

ROUNDS = 400
TEXT, NUMBER = of("text"), of("number")
VALUES = [
    None, True, 0, 1.5, "", "a", [], [1, "a"], [[None]], {}, {"a": 1}, {"a": {"b": [1, {"c": None}]}}, [{"a": 1}, {"b": 2}],
]  # fmt: skip


def sample(seed: int):
    """Three shapes, and values of each and of others."""
    rng = random.Random(seed)
    shapes = [shape(rng) for _ in range(3)]
    values = [value_of(rng, one) for one in shapes for _ in range(3)]
    return shapes, [*values, *VALUES]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_the_shape_of_a_value_admits_it(value):
    assert admits(shape_of(value), value)


def test_a_value_may_be_nested_deeper_than_shapes_follow():
    lists, objects = 1, 1
    for _ in range(5000):
        lists, objects = [lists], {"a": objects}
    for value in (lists, objects):
        known, levels = shape_of(value), 0
        while inner := items_of(known) if known.items else known.object and known.object.members["a"].shape:
            known, levels = inner, levels + 1
        assert levels == 32


def test_the_shape_of_a_value_admits_no_other_members_kinds_or_items():
    known = shape_of({"a": 1, "b": ["x"]})
    others = [{"a": 1}, {"a": "1", "b": ["x"]}, {"a": 1, "b": [1]}, {"a": 1, "b": [], "c": 1}, None, []]
    assert [admits(known, other) for other in others] == [False] * len(others)


def test_random_values_of_a_shape_are_admitted():
    for seed in range(ROUNDS):
        rng = random.Random(seed)
        known = shape(rng)
        assert admits(known, value_of(rng, known))


def test_a_join_admits_what_either_admits():
    for seed in range(ROUNDS):
        (first, second, _), values = sample(seed)
        joined = join(first, second)
        missed = [
            value
            for value in values
            if (admits(first, value) or admits(second, value)) and not admits(joined, value)
        ]
        assert missed == []


def test_joins_admit_the_same_in_any_order_and_grouping():
    for seed in range(ROUNDS):
        (first, second, third), values = sample(seed)
        orders = (
            join_all([first, second, third]),
            join_all([third, second, first]),
            join(first, join(second, third)),
        )
        for value in values:
            assert len({admits(joined, value) for joined in orders}) == 1


def test_a_join_with_what_is_in_it_already_is_the_same_shape():
    for seed in range(ROUNDS):
        (first, second, _), _ = sample(seed)
        joined = join(first, second)
        assert join(first, first) is first
        assert join(joined, second) is joined
        assert join(joined, first) == joined


def test_nothing_adds_nothing_and_anything_takes_all_in():
    known = object_of({"a": TEXT})
    assert (join(NOTHING, known), join(known, NOTHING), join(known, ANY), join_all([])) == (
        known,
        known,
        ANY,
        NOTHING,
    )


def test_what_is_joined_is_as_certain_as_the_less_certain_of_both():
    sure, seen = object_of({"a": TEXT}), object_of({"b": TEXT}, certain=False)
    joined = (join(sure, seen), join(seen, sure), join(sure, object_of()))
    assert [shape.object.certain for shape in joined] == [False, False, True]


def test_what_never_is_adds_nothing_to_what_it_is_spread_into():
    known = ObjectShape({"a": Member(TEXT)})
    assert spread(known, NOTHING) == known


def test_widening_only_grows():
    for seed in range(ROUNDS):
        (first, *_), values = sample(seed)
        for depth in range(4):
            wide = widen(first, depth)
            assert [value for value in values if admits(first, value) and not admits(wide, value)] == []


def test_widening_keeps_what_is_not_too_deep():
    known = object_of({"a": array_of(object_of({"b": NUMBER}))})
    assert (widen(known, 3) is known, written(widen(known, 2)), written(widen(known, 0))) == (
        True,
        "{a: [object]}",
        "object",
    )


def test_members_that_only_one_of_two_objects_has_are_optional():
    first = object_of({"a": NUMBER, "b": TEXT}, origins=["one"])
    second = object_of({"b": NULL}, origins=["two"])
    joined = join(first, second)
    assert written(joined) == "{a?: number, b: null|text}"
    assert joined.object.origins == {"one", "two"}


def test_what_is_laid_over_wins_where_it_is_there():
    below = ObjectShape({"a": Member(NUMBER), "b": Member(NUMBER), "c": Member(NUMBER)})
    above = ObjectShape(
        {"b": Member(TEXT), "c": Member(TEXT, optional=True), "d": Member(TEXT, optional=True)}
    )
    laid = overlay(below, above)
    assert {name: (written(member.shape), member.optional) for name, member in laid.members.items()} == {
        "a": ("number", False),
        "b": ("text", False),
        "c": ("number|text", False),
        "d": ("text", True),
    }


def test_an_object_laid_over_another_is_admitted():
    for seed in range(ROUNDS):
        rng = random.Random(seed)
        below, above = object_shape(rng, 2), shape(rng)
        first, second = value_of(rng, below), value_of(rng, above)
        laid = spread(below.object, above)
        if isinstance(second, list | str):
            second = {str(index): item for index, item in enumerate(second)}
        made = {**first, **(second if isinstance(second, dict) else {})}
        assert admits(type(below)(frozenset(("object",)), laid), made)


def test_a_sample_tells_names_and_kinds_but_excludes_nothing():
    known = shape_of({"next": None, "rows": [], "name": "x"}, certain=False, origins=["sample"])
    assert written(known) == "{next: any, rows: array, name: text}"
    assert (known.object.certain, known.object.origins) == (False, {"sample"})
    assert admits(known, {"other": 1})


def test_a_value_that_is_very_deep_has_a_shape():
    deep = None
    for _ in range(500):
        deep = [deep]
    assert admits(shape_of(deep), deep)


def test_items_and_values():
    known = join(array_of(TEXT), object_of({"a": NUMBER}, rest=NULL))
    found = (
        items_of(known),
        items_of(TEXT),
        items_of(of("array")),
        values_of(known),
        values_of(of("object")),
    )
    assert [*map(written, found)] == ["text", "never", "any", "null|number|text", "any"]


def test_kinds_can_be_kept_and_left_out():
    known = join(array_of(TEXT), object_of({"a": NUMBER})).or_null()
    assert [
        written(one) for one in (known.only("array", "text"), known.without("array"), known.only("text"))
    ] == [
        "[text]",
        "null|{a: number}",
        "never",
    ]


def test_joins_of_parts_that_are_shared_many_times_end():
    first, second = TEXT, NUMBER
    for _ in range(200):
        first, second = object_of({"a": first, "b": first}), object_of({"a": second, "b": second})
    joined = join(first, second)
    assert widen(joined, 100).kinds == {"object"}
