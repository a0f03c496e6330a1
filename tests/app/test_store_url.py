"""What people are shown of a store's URL."""

import pytest

from headrace.app.store_url import shown_url, url_secrets


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("nats://me:secret-1@h:4222/x?replicas=3", "nats://•••@h:4222/x?replicas=3"),
        ("nats://a-token-1@h", "nats://•••@h"),
        ("nats://me:p@ss/secret-1@h", "nats://•••@h"),
        ("me:secret-1@h", "•••@h"),
        ("redis://:secret-1@h", "redis://•••@h"),
        ("nats://h:4222", "nats://h:4222"),
        ("sqlite:////home/me@work/store.db", "sqlite:////home/me@work/store.db"),
        ("memory", "memory"),
    ],
)
def test_a_url_is_shown_without_who_we_are(url, shown):
    assert shown_url(url) == shown


def test_passwords_and_tokens_of_urls_are_masked_everywhere():
    assert url_secrets("nats://me:p%40ss-word@h").mask("p@ss-word p%40ss-word me") == "••• ••• me"
    assert url_secrets("nats://a-token-1@h").mask("a-token-1") == "•••"
    for url in (None, "memory", "nats://h", "sqlite:///a:secret@b"):
        assert url_secrets(url).mask("secret@b a:secret") == "secret@b a:secret"
