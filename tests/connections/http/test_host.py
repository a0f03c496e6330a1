"""Patterns of allowed hosts."""

import pytest

from headrace.connections.http.host import HostPatterns
from headrace.errors import UsageError


@pytest.mark.parametrize(
    ("pattern", "host", "port", "allowed"),
    [
        ("api.example.com", "API.example.com", 443, True),
        ("api.example.com", "example.com", 443, False),
        ("*.example.com", "a.b.example.com", 443, True),
        ("*.example.com", "example.com", 443, False),
        ("*.example.com", "evilexample.com", 443, False),
        ("localhost:8080", "localhost", 8080, True),
        ("localhost:8080", "localhost", 80, False),
        ("[::1]:80", "::1", 80, True),
        ("::1", "::1", 1, True),
        ("example.com", "example.com.", 80, True),
    ],
)
def test_a_pattern_allows_what_it_says(pattern, host, port, allowed):
    assert HostPatterns([pattern]).allow(host, port) is allowed


def test_no_pattern_allows_all():
    assert HostPatterns([]).allow("anywhere", 1)


@pytest.mark.parametrize("pattern", ["", "http://a", "a.*", "*", "a:x", "**.a"])
def test_what_is_no_host_is_refused(pattern):
    with pytest.raises(UsageError, match="is no host"):
        HostPatterns([pattern])
