"""What is read of quotas in the headers of answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.connections.budget import Quota, read_quotas, read_verdict

NOW_S = 1_700_000_000
NOW_NS = NOW_S * 10**9


def read(**headers):
    return read_quotas({name.replace("_", "-"): value for name, value in headers.items()}, NOW_NS)


@pytest.mark.parametrize(
    ("headers", "quotas"),
    [
        ({"ratelimit": '"default";r=50;t=30'}, [Quota("default", 50, 30)]),
        (
            {"ratelimit": '"burst";r=3;t=1, "day";r=900;t=8000', "ratelimit_policy": '"burst";q=10;w=1,"day";q=1000;w=86400'},
            [Quota("burst", 3, 1, 10), Quota("day", 900, 8000, 1000)],
        ),
        ({"ratelimit": '"a";r=5', "ratelimit_policy": '"a";q=100;w=60;pk=:c2FsdA==:'}, [Quota("a", 5, 60, 100)]),
        ({"ratelimit": 'a ; r=5 ; t=7;pk="x;r=9"'}, [Quota("a", 5, 7)]),
        ({"ratelimit": '"bytes";r=5;t=7, "n";r=6;t=7', "ratelimit_policy": '"bytes";q=9;qu="content-bytes"'}, [Quota("n", 6, 7)]),
        ({"ratelimit": "limit=100, remaining=50, reset=30", "ratelimit_policy": "100;w=60"}, [Quota("", 50, 30, 100)]),
        ({"ratelimit_limit": "100", "ratelimit_remaining": "50", "ratelimit_reset": "30"}, [Quota("", 50, 30, 100)]),
        ({"ratelimit_limit": "10, 10;w=1, 1000;w=3600", "ratelimit_remaining": "0"}, [Quota("", 0, 1, 10)]),
        ({"x_ratelimit_limit": "60", "x_ratelimit_remaining": "59", "x_ratelimit_reset": "1.5"}, [Quota("", 59, 1.5, 60)]),
        ({"x_ratelimit_remaining": "5", "x_ratelimit_reset": str(NOW_S + 90)}, [Quota("", 5, 90)]),
        ({"x_ratelimit_remaining": "5", "x_ratelimit_reset": str((NOW_S + 90) * 1000)}, [Quota("", 5, 90)]),
        ({"x_rate_limit_remaining": "5", "x_rate_limit_reset": str(NOW_S - 5)}, [Quota("", 5, 0)]),
        ({"x_ratelimit_remaining": "5", "x_ratelimit_reset": str(NOW_S + 90), "x_ratelimit_reset_after": "89.3"}, [Quota("", 5, 89.3)]),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": "2592000"}, [Quota("", 0, 86_400)]),
    ],
)  # fmt: skip
def test_forms_in_which_apis_tell_their_quotas(headers, quotas):
    assert list(read(**headers)) == quotas


def test_a_time_is_told_by_the_servers_own_clock():
    date = "Tue, 14 Nov 2023 22:14:20 GMT"  # a minute ahead of this machine
    assert read(x_ratelimit_remaining="0", x_ratelimit_reset=str(NOW_S + 90), date=date) == (
        Quota("", 0, 30),
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_ratelimit_remaining": "5"},
        {"x_ratelimit_remaining": "-1", "x_ratelimit_reset": "60"},
        {"x_ratelimit_remaining": "unlimited", "x_ratelimit_reset": "60"},
        {"x_ratelimit_remaining": "5, 6", "x_ratelimit_reset": "60"},
        {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "soon"},
        {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "9" * 14},
        {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "1" * 5000},
        {"x_ratelimit_limit": "0", "x_ratelimit_remaining": "0", "x_ratelimit_reset": "60"},
        {"x_ratelimit_remaining": "²", "x_ratelimit_reset": "٦"},
        {"ratelimit": '"a";r=-5;t=7'},
        {"ratelimit": '"a";r=5'},
        {"ratelimit": "yes"},
        {"ratelimit": '"a;r=5;t=7'},
    ],
)
def test_nonsense_tells_nothing(headers):
    assert read(**headers) == ()


PIECES = st.sampled_from(
    [*'",;=rtqw09', "r=5", "t=7", "1e9", str(NOW_S), f"{NOW_S}000", "limit=1", "remaining=0", "reset=3", "é", "\0", " "]
)  # fmt: skip
VALUES = st.one_of(
    st.binary(max_size=40).map(lambda data: data.decode("latin-1")),
    st.lists(PIECES, max_size=30).map("".join),
)
NAMES = st.sampled_from(
    ["date", "ratelimit", "ratelimit-policy"]
    + [f"{prefix}-{name}" for prefix in ("ratelimit", "x-ratelimit", "x-rate-limit") for name in ("limit", "remaining", "reset", "reset-after")]
)  # fmt: skip


@given(st.dictionaries(NAMES, VALUES), st.sampled_from([200, 403, 429, 503]))
def test_whatever_a_server_sends_is_read_within_bounds(headers, status):
    verdict = read_verdict(status, headers, NOW_NS)
    assert len(verdict.quotas) <= 8
    for quota in verdict.quotas:
        assert quota.remaining >= 0
        assert 0 <= quota.reset_s <= 86_400
        assert quota.limit is None or quota.limit >= quota.remaining
    assert verdict.wait_s is None or 0 <= verdict.wait_s <= 86_400


@given(st.lists(st.tuples(st.text("abcdefgh-", min_size=1), st.integers(0, 10**6), st.integers(0, 86_400)), min_size=1, max_size=8, unique_by=lambda x: x[0]))  # fmt: skip
def test_what_a_server_writes_by_the_draft_is_read_as_it_is_meant(quotas):
    told = ", ".join(f'"{name}";r={left};t={reset}' for name, left, reset in quotas)
    assert read(ratelimit=told) == tuple(Quota(*quota) for quota in quotas)


@given(st.integers(0, 10**8), st.integers(1, 86_400))
def test_a_time_and_a_span_are_told_apart(remaining, reset_s):
    for text in (str(reset_s), str(NOW_S + reset_s), str((NOW_S + reset_s) * 1000)):
        assert read(x_ratelimit_remaining=str(remaining), x_ratelimit_reset=text) == (
            Quota("", remaining, reset_s),
        )


@pytest.mark.parametrize(
    ("status", "headers", "wait_s", "is_refused"),
    [
        (429, {}, None, True),
        (429, {"retry-after": "7"}, 7, True),
        (429, {"ratelimit": '"a";r=0;t=9'}, 9, True),
        (503, {}, None, False),
        (503, {"retry-after": "7"}, 7, True),
        (403, {}, None, False),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "60"}, 60, True),
        (403, {"x-ratelimit-remaining": "9", "x-ratelimit-reset": "60"}, None, False),
        (500, {"retry-after": "7"}, 7, False),
        (200, {"retry-after": "7"}, None, False),
    ],
)
def test_which_answers_refuse_a_request_and_until_when(status, headers, wait_s, is_refused):
    verdict = read_verdict(status, headers, NOW_NS)
    assert (verdict.wait_s, verdict.is_refused) == (wait_s, is_refused)
