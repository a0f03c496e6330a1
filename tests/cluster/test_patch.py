"""What differs between two objects."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.cluster.server import merged

from headrace.cluster.patch import covers, merge_patch

SCALARS = st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "b"])
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("abc"), below, max_size=3),
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@given(OBJECTS, OBJECTS)
@example({"a": 0}, {"a": False})
@example({"a": [False, 0]}, {"a": [False, False]})
def test_a_patch_makes_the_one_of_the_other(before, after):
    assert merged(before, merge_patch(before, after)) == after
    assert (merge_patch(before, after) == {}) == (
        json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)
    )


@given(OBJECTS, OBJECTS)
def test_what_was_applied_is_covered_whatever_there_is_besides(before, wanted):
    assert covers(merged(before, wanted), wanted)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ({"a": 1}, {"a": 2}),
        ({}, {"a": 1}),
        ({"a": [1, 2]}, {"a": [1]}),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}),
        ({"a": 1}, {"a": {"b": 1}}),
        ({"a": "1"}, {"a": 1}),
        ({}, {"a": False}),
        ({}, {"a": 0}),
        ({"a": 0}, {"a": False}),
    ],
)
def test_what_differs_is_seen(found, wanted):
    assert not covers(found, wanted)


@pytest.mark.parametrize("nothing", [{}, [], "", None])
def test_what_the_server_leaves_out_is_no_difference(nothing):
    """It stores no empty values of optional fields."""
    assert covers({}, {"a": nothing})
