"""Times the reference page's `users` transform against the same written by hand in Python.

Prints one JSON line: microseconds of CPU a record of both, and their ratio (the target is below 1.2).
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from headrace.errors import Finding
from headrace.expr import Environment, Scope, compile_template
from headrace.source import Text

RECORDS = 100
ROUNDS = 15
REPEATS = 200

USERS = """{{$.items.map(item => ({
  external_id: item.id,
  email: lower(item.email),
  name: item.first_name + ' ' + item.last_name,
  status: item.active ? 'active' : 'inactive',
  metadata: JSON.stringify({
    source: 'external-system',
    original_id: item.id,
    synced_at: RFC3339(now())
  }),
  updated_at: RFC3339(now())
}))}}
"""


def by_hand(message: dict[str, Any]) -> dict[str, Any]:
    now = datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "users": [
            {
                "external_id": item["id"],
                "email": item["email"].lower(),
                "name": item["first_name"] + " " + item["last_name"],
                "status": "active" if item["active"] else "inactive",
                "metadata": json.dumps(
                    {"source": "external-system", "original_id": item["id"], "synced_at": now}
                ),
                "updated_at": now,
            }
            for item in message["items"]
        ],
        "context": message["context"],
        "batchNum": message["batchNum"],
    }


def timed(run: Callable[[], object], repeats: int) -> float:
    """Microseconds of CPU a record."""
    start = time.process_time()
    for _ in range(repeats):
        run()
    return (time.process_time() - start) / repeats / RECORDS * 1e6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=REPEATS, help=f"a round ({REPEATS})")
    repeats = parser.parse_args().repeats
    tree = {
        "users": Text.bare(USERS),
        "context": Text.bare("{{$.context}}"),
        "batchNum": Text.bare("{{$.batchNum}}"),
    }
    findings: list[Finding] = []
    template, other = (compile_template(tree, Scope.EDGE, findings) for _ in range(2))
    if findings:
        raise SystemExit("\n".join(map(str, findings)))
    items = [
        {
            "id": number,
            "email": f"User{number}@Example.com",
            "first_name": f"First{number}",
            "last_name": f"Last{number}",
            "active": number % 3 != 0,
        }
        for number in range(RECORDS)
    ]
    message = {"items": items, "context": {"page": 1}, "batchNum": 1}
    # The same with a member that some records lack: checked code runs.
    lacking = {**message, "items": [{**item, "active": 1} for item in items[:-1]] + [{"id": 0, "email": ""}]}
    environment = Environment(now_ns=time.time_ns)
    # Turn by turn, so that a busy machine slows all of them alike.
    rounds = [
        (
            timed(lambda: by_hand(message), repeats),
            timed(lambda: template.evaluate(message, environment), repeats),
            timed(lambda: other.evaluate(lacking, environment), repeats),
        )
        for _ in range(ROUNDS)
    ]
    hand, compiled, checked = (statistics.median(column) for column in zip(*rounds, strict=True))
    result = {
        "bench": "expression",
        "by_hand_us": round(hand, 3),
        "compiled_us": round(compiled, 3),
        "checked_us": round(checked, 3),
        "ratio": round(compiled / hand, 3),
        "checked_ratio": round(checked / hand, 3),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
