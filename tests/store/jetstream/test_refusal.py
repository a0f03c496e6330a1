"""What is said where NATS does not do as a store: each with its cure."""

import asyncio
import logging
from uuid import uuid4

import pytest
import trustme

from headrace.errors import StoreError, UsageError
from headrace.store.jetstream import JetStreamStore, Place
from support.made import FLOW, fire_request
from support.nats_account import operated
from support.nats_server import NatsServer, shared_server
from support.ports import free_port

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def server(tmp_path):
    """Starts a server with some configuration."""
    made = []

    def start(extra="", before=str):
        one = NatsServer(tmp_path / f"nats{len(made)}", extra=extra)
        one.config.write_text(before(one.config.read_text()))
        made.append(one)
        one.start()
        return one

    yield start
    for one in made:
        one.kill()


async def refusal(url, **options):
    with pytest.raises((StoreError, UsageError)) as raised:
        await JetStreamStore.open(Place.read(url), patience_s=3, connect_s=3, **options)
    assert "hunter2" not in raised.value.message
    return raised.value


async def test_nobody_is_there():
    error = await refusal(f"nats://127.0.0.1:{free_port()}")
    assert error.code == "HR403"
    assert "does not answer; does it run, and does this machine reach it?" in error.message


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("me:hunter2-wrong@", "refuses user and password"),
        ("hunter2-token@", "refuses the token"),
        ("", "wants to know who we are: `nats://user:password@…`"),
    ],
)
async def test_who_is_refused_is_told_at_once(server, who, says):
    one = server("authorization { user: me, password: hunter2 }")
    async with asyncio.timeout(2):
        error = await refusal(one.url.replace("//", f"//{who}"))
    assert (error.code, says in error.message) == ("HR403", True), error.message
    store = await JetStreamStore.open(Place.read(one.url.replace("//", "//me:hunter2@")))
    await store.close()


async def test_a_password_with_odd_characters_is_the_one_that_the_server_wants(server):
    one = server('authorization { user: "me", password: "p@ss/w:rd" }')
    store = await JetStreamStore.open(Place.read(one.url.replace("//", "//me:p%40ss%2Fw:rd@")))
    await store.close()


async def test_there_is_no_jetstream(server):
    one = server(
        before=lambda text: "\n".join(line for line in text.splitlines() if "max_" not in line).replace(
            "jetstream {", "#"
        )
    )
    error = await refusal(one.url)
    assert "start NATS with `--jetstream`" in error.message


async def test_one_server_keeps_no_three_replicas_which_is_told_at_once():
    async with asyncio.timeout(2):
        error = await refusal(f"{shared_server().url}/{uuid4().hex}?replicas=3")
    assert "cannot keep 3 replicas" in error.message
    assert "it takes a cluster of as many servers" in error.message


async def test_a_server_without_tls_is_told_no_password(server):
    one = server("authorization { user: me, password: hunter2 }")
    error = await refusal(one.url.replace("nats://", "tls://me:hunter2@"))
    assert "does not speak TLS, which `tls://` asks for" in error.message


@pytest.fixture
def encrypted(server, tmp_path):
    """Starts a server with a certificate for a host; gives it, and the file of who signed that."""

    def start(host="127.0.0.1"):
        authority = trustme.CA()
        certificate = authority.issue_cert(host)
        certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
        certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
        authority.cert_pem.write_to_path(tmp_path / "authority.pem")
        return server(f'tls {{ cert_file: "{tmp_path}/cert.pem", key_file: "{tmp_path}/key.pem" }}')

    return start


@pytest.mark.parametrize("scheme", ["tls://", "nats://"])
async def test_a_store_behind_tls_is_one(encrypted, tmp_path, monkeypatch, caplog, scheme):
    """A server that asks for TLS gets it, whether the URL does or not."""
    one = encrypted()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    store = await JetStreamStore.open(Place.read(one.url.replace("nats://", scheme)))
    assert await store.runs() == []
    await store.close()
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("host", "trusts", "says"),
    [
        ("127.0.0.1", False, "unable to get local issuer certificate"),
        ("example.com", True, "IP address mismatch"),
    ],
)
async def test_a_certificate_that_is_not_trusted_is_told_at_once(
    encrypted, tmp_path, monkeypatch, host, trusts, says
):
    one = encrypted(host)
    if trusts:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    async with asyncio.timeout(2):
        error = await refusal(one.url.replace("nats://", "tls://me:hunter2@"))
    assert "has a certificate that this machine does not trust" in error.message
    assert says in error.message
    assert "SSL_CERT_FILE names the authorities" in error.message


async def test_a_store_that_is_looked_into_is_not_made():
    url = f"{shared_server().url}/{uuid4().hex}"
    for _ in range(2):
        error = await refusal(url, is_new=False)
        assert isinstance(error, UsageError)
        assert "there is no store" in error.message
    made = await JetStreamStore.open(Place.read(url))
    await made.close()
    looked = await JetStreamStore.open(Place.read(url), is_new=False)
    await looked.close()


@pytest.mark.parametrize(
    ("text", "says"),
    [(None, "cannot be read: no such file"), ("no: credentials", "is no file of credentials")],
)
async def test_credentials_that_are_none_are_refused(tmp_path, text, says):
    file = tmp_path / "user.creds"
    if text is not None:
        file.write_text(text)
    error = await refusal(f"{shared_server().url}?credentials={file}")
    assert isinstance(error, UsageError)
    assert says in error.message


async def test_a_store_that_is_full_says_what_helps_and_is_left_soon(server, caplog):
    one = server(before=lambda text: text.replace("10GB", "300KB"))
    store = await JetStreamStore.open(Place.read(one.url), patience_s=3)
    await store.adopt(FLOW)
    caplog.set_level(logging.WARNING)
    with pytest.raises(StoreError, match="it has no room left: raise `max_file_store`"):
        await _fill(store)
    assert len([each for each in caplog.records if "takes nothing" in each.message]) == 1
    async with asyncio.timeout(10):
        await store.close()


async def _fill(store):
    large = {"text": "x" * 100_000}
    for number in range(10):
        await store.fire(fire_request(f"r{number}", message=lambda tick: large))


async def test_a_file_of_credentials_lets_in_and_another_one_does_not(server, tmp_path):
    config, credentials = operated()
    one = server(config)
    own, other = tmp_path / "own.creds", tmp_path / "other.creds"
    own.write_text(credentials)
    other.write_text(operated()[1])
    store = await JetStreamStore.open(Place.read(f"{one.url}?credentials={own}"))
    await store.close()
    error = await refusal(f"{one.url}?credentials={other}")
    assert f"refuses the credentials of {other}" in error.message
