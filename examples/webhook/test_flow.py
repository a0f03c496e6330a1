"""The webhook: signed orders are written once and answered; what is no order is not."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headrace.components import MODULES
from headrace.engine import Engine
from headrace.flow.loader import read_flow, require
from headrace.sdk import Address, Registry
from headrace.store import MemoryStore, RunStatus
from support.flows import Recorder
from support.service import post
from support.sync import EXAMPLES, Target

SECRET = "shop-secret"
ORDER = {
    "id": "ord_1",
    "status": "paid",
    "lines": [{"sku": "tea", "quantity": 2, "cents": 450}, {"sku": "cup", "quantity": 1, "cents": 900}],
}


class Shop:
    """Sends orders."""

    def __init__(self, port: int, store: MemoryStore) -> None:
        self.store = store
        self._port = port

    async def send(self, order, delivery, secret=SECRET):
        body = json.dumps(order).encode()
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X_Delivery_Id": delivery, "X_Signature_256": f"sha256={signature}"}
        status, _, answer = await post(self._port, "/hooks/orders", order, **headers)
        return status, answer


@asynccontextmanager
async def shop(target: Target, tmp_path) -> AsyncIterator[Shop]:
    flow = require(read_flow(EXAMPLES / "webhook" / "flow.yaml", Registry(MODULES)))
    store, observer = MemoryStore(), Recorder()
    async with Engine(store, tmp_path, observer=observer, address=Address("127.0.0.1", 0)) as engine:
        program = await engine.load(flow, {**target.secrets, "hookSecret": SECRET})
        await engine.listen(program)
        yield Shop(int(observer.where["hook"].rpartition(":")[2].partition("/")[0]), store)


async def test_an_order_is_written_and_answered(target, tmp_path):
    async with shop(target, tmp_path) as sender:
        status, answer = await sender.send(ORDER, "d1")
        (run,) = await sender.store.runs()
    assert (status, answer) == (201, {"id": "ord_1", "lines": 2, "run": run.id})
    assert run.status is RunStatus.SUCCEEDED
    assert target.rows("SELECT id, status, total_cents, deliveries FROM orders") == [
        ("ord_1", "paid", 1800, 1)
    ]
    assert target.rows("SELECT * FROM order_lines ORDER BY sku") == [
        ("ord_1", "cup", 1, 900),
        ("ord_1", "tea", 2, 450),
    ]


async def test_a_delivery_that_is_repeated_is_one(target, tmp_path):
    async with shop(target, tmp_path) as sender:
        first, again = await sender.send(ORDER, "d1"), await sender.send(ORDER, "d1")
        assert first == again
        assert target.rows("SELECT deliveries FROM orders") == [(1,)]
        other = await sender.send({**ORDER, "status": "sent"}, "d2")
        assert other[1]["run"] != first[1]["run"]
    assert target.rows("SELECT status, deliveries FROM orders") == [("sent", 2)]


async def test_what_is_not_signed_or_no_order_writes_nothing(target, tmp_path):
    async with shop(target, tmp_path) as sender:
        assert (await sender.send(ORDER, "d1", secret="guessed"))[0] == 401
        assert await sender.store.runs() == []
        for number, odd in enumerate(({}, {"id": "ord_1"}, {**ORDER, "lines": []}, [], None, "order")):
            answer = await sender.send(odd, f"odd{number}")
            assert answer == (422, {"error": "an order has an id and lines"}), odd
    assert target.rows("SELECT count(*) FROM orders") == [(0,)]
