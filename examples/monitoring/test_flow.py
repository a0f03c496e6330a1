"""Monitoring: progress as the iterator tells it, seen while the sync runs; the recent syncs afterwards."""

import json
import logging

from headrace.store import RunStatus
from support.api import serve_users
from support.clock import START_NS
from support.sync import open_example

FLOW = "monitoring/flow.yaml"
PROGRESS = "SELECT * FROM sync_progress"


def lines(caplog, node):
    return [
        json.loads(record.getMessage().partition(": ")[2])
        for record in caplog.records
        if record.getMessage().startswith(f"{node}: ")
    ]


async def test_progress_is_shown_while_it_runs_and_syncs_are_listed(target, clock, caplog):
    caplog.set_level(logging.INFO, "headrace.debug")
    seen = []
    async with (
        serve_users(50) as api,
        open_example(FLOW, api, target, clock=clock, overrides={"vars.pageSize": 40}) as flow,
    ):
        api.after[2] = lambda: seen.extend(target.rows(PROGRESS))
        run = await flow.run()
    assert (run.status, run.errors) == (RunStatus.SUCCEEDED, [])
    assert seen == [(START_NS, 1, 2, 4, 4, 100)]
    assert target.rows(PROGRESS) == [(START_NS, 2, 2, 1, 1, 100)]
    told = lines(caplog, "show-progress")
    for message in told:
        del message["context"]
    assert told == [
        {"batchNum": 1, "totalBatches": 4, "progress": 25, "isLastBatch": False},
        {"batchNum": 2, "totalBatches": 4, "progress": 50, "isLastBatch": False},
        {"batchNum": 3, "totalBatches": 4, "progress": 75, "isLastBatch": False},
        {"batchNum": 4, "totalBatches": 4, "progress": 100, "isLastBatch": True},
        {"batchNum": 1, "totalBatches": 1, "progress": 100, "isLastBatch": True},
    ]
    assert lines(caplog, "show-recent-syncs") == [
        [
            {
                "sync_id": START_NS,
                "status": "completed",
                "records_processed": 50,
                "pages": 2,
                "duration_seconds": 0,
                "error_count": 0,
                "completed_at": "2023-11-14T22:13:20Z",
            }
        ]
    ]
