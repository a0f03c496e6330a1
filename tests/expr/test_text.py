"""Text forms, equality and truth where they differ from JavaScript (D1-D3), and their limits."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.expr.failure import Failure
from headrace.expr.text import equal, number_text, strict_equal, stringify, to_number, to_text, truthy
from headrace.values import decode_json

# A double beyond 2**53 prints rounded digits, as in JavaScript: another integer when read again.
FLOATS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: abs(x) < 2**53 or abs(x) >= 1e21)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-0.0, "0"),
        (5.0, "5"),
        (12345678901234567890, "12345678901234567890"),
        (1e21, "1e+21"),
        ("", ""),
        ([], "[]"),
        ([1, None, "é"], '[1,null,"é"]'),
        ({"a": {"b": 2.0}}, '{"a":{"b":2}}'),
    ],
)
def test_values_become_text(value, expected):
    assert to_text(value) == expected


def test_integers_keep_their_digits_up_to_4096_bits():
    largest = 2**4096 - 1
    assert number_text(largest) == str(largest)
    assert to_number(str(largest)) == largest
    with pytest.raises(Failure) as caught:
        number_text(2**4096)
    assert caught.value.code == "HR228"


def test_text_of_too_many_digits_is_no_number():
    with pytest.raises(Failure) as caught:
        to_number("9" * 1500)
    assert caught.value.code == "HR228"


@given(JSON)
def test_stringify_can_be_read_again(value):
    printed = stringify(value)
    assert strict_equal(decode_json(printed), value)
    assert strict_equal(json.loads(stringify(value, 2)), value)


@given(JSON)
def test_a_value_equals_its_copy_and_no_other_type(value):
    copy = decode_json(stringify(value))
    assert (strict_equal(value, copy), equal(value, copy)) == (True, True)
    assert strict_equal([value], {"a": value}) is False


def test_stringify_keeps_the_members_that_are_asked_for_in_their_order():
    value = {"b": 1, "a": [{"a": 2, "c": 3}], "c": 4}
    assert stringify(value, keys=["a", "b"]) == '{"a":[{"a":2}],"b":1}'


def test_stringify_prints_empty_containers_on_one_line():
    assert stringify({"a": [], "b": {}}, 1) == '{\n "a": [],\n "b": {}\n}'


@pytest.mark.parametrize(
    ("left", "right", "strict", "loose"),
    [
        ([1, [2]], [1.0, [2]], True, True),
        ([1], [True], False, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True, True),
        ({"a": None}, {}, False, False),
        ([1], 1, False, False),
        (["1"], "1", False, False),
        (None, 0, False, False),
        (None, None, True, True),
        (True, 1, False, True),
        (1, "1", False, True),
        (2**70, 2.0**70, True, True),
        (2**53 + 1, 2**53, False, False),
    ],
)
def test_arrays_and_objects_are_equal_by_value(left, right, strict, loose):
    assert (strict_equal(left, right), equal(left, right)) == (strict, loose)


def test_empty_arrays_and_objects_are_true():
    assert list(map(truthy, [[], {}, "0", 0.0, "", None, float("nan"), -1])) == [
        True,
        True,
        True,
        False,
        False,
        False,
        False,
        True,
    ]
