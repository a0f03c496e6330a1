"""Unquoted scalars: JSON's values, and those that readers disagree on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.flow.plain import ambiguity, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("nULL", "nULL"),
        ("true", True), ("FALSE", False), ("tRUE", "tRUE"),
        ("0", 0), ("-0", 0), ("+7", 7), ("0x1f", 31), ("1.", 1.0), (".5", 0.5), ("-1e3", -1000.0),
        ("1.5.2", "1.5.2"), ("2024-01-02", "2024-01-02"), ("1h30m", "1h30m"), ("-", "-"), ("0x", "0x"),
    ],
)  # fmt: skip
def test_scalars_are_read_as_yaml_1_2_does(text: str, value: object) -> None:
    assert (resolve(text), type(resolve(text))) == (value, type(value))
    assert ambiguity(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "y", "N", "yes", "NO", "on", "Off", "017", "-017", "08", "00", "0o7", "-0o7", "0b1", "1_0", "1_0.5", "0x_1",
        "1:30", "-1:30:15", "1:30.5", ".inf", "-.INF", ".nan", "1e400", "9223372036854775808", "0xffffffffffffffff",
    ],
)  # fmt: skip
def test_what_readers_disagree_on_is_ambiguous(text: str) -> None:
    assert f"`{text}`" in ambiguity(text)


@given(st.text(alphabet="0123456789_:.+-eExob~ynoff", max_size=500))
def test_no_scalar_crashes_the_reader(text: str) -> None:
    if not ambiguity(text):
        resolve(text)
