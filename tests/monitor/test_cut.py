"""Samples of messages are short, and hold no secret, wherever one stands."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from headrace.app.secrets import Secrets
from headrace.monitor.cut import MOST_CHARACTERS, cut_copy
from headrace.values import encode_json

SECRET = "hunter2hunter2"
mask = Secrets({"password": SECRET}).mask

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
messages = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
)


@given(messages)
def test_what_is_short_is_copied_as_it_is(message):
    copied, is_cut = cut_copy(message, str)
    assert (copied, is_cut) == (message, False)
    assert not isinstance(message, list | dict) or copied is not message


def test_a_copy_does_not_change_with_the_message():
    message = {"rows": [{"id": 1}]}
    copied, _ = cut_copy(message, str)
    message["rows"][0]["id"] = 2
    assert copied == {"rows": [{"id": 1}]}


def test_what_is_long_is_shortened_and_said_to_be():
    for message in (
        "x" * 10**6,
        {"rows": [{"id": n, "text": "x" * 300} for n in range(10**5)]},
        {f"name {n}": n for n in range(10**5)},
        ["x" * 5000] * 100,
        [[n] * 500 for n in range(500)],
    ):
        copied, is_cut = cut_copy(message, str)
        assert is_cut
        assert len(encode_json(copied)) < 4 * MOST_CHARACTERS


def test_what_is_deep_is_cut_long_before_python_gives_up():
    message = inner = []
    for _ in range(sys.getrecursionlimit() * 2):
        inner.append([])
        inner = inner[0]
    copied, is_cut = cut_copy(message, str)
    assert is_cut
    assert len(encode_json(copied)) < 100


def test_a_number_of_a_million_digits_is_left_out():
    assert cut_copy({"n": 1 << 4_000_000}, str) == ({"n": None}, True)


def test_secrets_are_masked_in_texts_and_names_at_every_depth():
    copied, is_cut = cut_copy({SECRET: [{"a": f"Bearer {SECRET}"}]}, mask)
    assert copied == {"•••": [{"a": "Bearer •••"}]}
    assert not is_cut


def test_members_whose_names_look_alike_once_they_are_masked_are_said_to_be_cut():
    masked = Secrets({"a": "hunter2hunter2", "b": "hunter3hunter3"}).mask
    assert cut_copy({"hunter2hunter2": 1, "hunter3hunter3": 2}, masked) == ({"•••": 2}, True)


def test_no_part_of_a_secret_is_left_where_a_text_is_cut():
    for before in (990, 995, 999, 65_530, 65_535):
        copied, is_cut = cut_copy("x" * before + SECRET + "y" * 1000, mask)
        assert is_cut
        assert "hunter" not in str(copied)
    copied, is_cut = cut_copy(("z" + SECRET) * 10_000, mask)
    assert is_cut
    assert "hunter" not in str(copied)


def test_no_part_of_a_long_secret_is_left_where_very_many_stand():
    secret = "k" * 2_000
    copied, is_cut = cut_copy("0123456789" + secret * 100, Secrets({"key": secret}).mask)
    assert is_cut
    assert "k" not in str(copied)
