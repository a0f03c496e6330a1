"""The URL of a JetStream store: what it says, what is refused, and that nobody is shown a password."""

import pytest

from headrace.errors import UsageError
from headrace.store.jetstream import Place


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("nats://h", Place(("nats://h",))),
        ("tls://h:4222/shop", Place(("tls://h:4222",), "shop")),
        ("nats://a:1,b:2/shop?replicas=3", Place(("nats://a:1", "nats://b:2"), "shop", 3)),
        ("nats://h?credentials=/run/user.creds", Place(("nats://h",), credentials="/run/user.creds")),
        ("nats://me:p%40ss%2F@h", Place(("nats://h",), user="me", password="p@ss/")),
        ("nats://s3cr%3At@h", Place(("nats://h",), token="s3cr:t")),
        ("nats://[::1]:4222/x", Place(("nats://[::1]:4222",), "x")),
    ],
)
def test_a_url_says_where_a_store_is_and_who_we_are(url, place):
    assert Place.read(url) == place
    assert "ss" not in repr(place)
    assert "s3cr" not in repr(place)
    assert "@" not in place.shown


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nats://", "is `nats://host:4222/name`"),
        ("nats://me:hunter2@", "is `nats://host:4222/name`"),
        ("nats://me:hunter2@h:port", "is `nats://host:4222/name`"),
        ("nats://me:hun/ter2@h", "in a password write `/` as `%2F`"),
        ("nats://me:hunter2@[::1", "is `nats://host:4222/name`"),
        ("nats://me:123/ter2@h", "in a password write `/` as `%2F`"),
        ("nats://me:hunter2@h/a.b", "`a.b` cannot name a store"),
        ("nats://me:hunter2@h?replicas=2", "`replicas` is 1, 3 or 5, not `2`"),
        ("nats://me:hunter2@h?replica=3", "no option `replica`"),
    ],
)
def test_what_is_no_url_is_refused_without_showing_a_password(url, says):
    with pytest.raises(UsageError) as raised:
        Place.read(url)
    assert says in raised.value.message
    assert "ter2" not in raised.value.message
