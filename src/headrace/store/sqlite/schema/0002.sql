-- Callers who wait for the answers of runs.

ALTER TABLE runs ADD COLUMN caller TEXT NOT NULL DEFAULT 'none';
ALTER TABLE runs ADD COLUMN has_response INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_awaited ON runs (flow) WHERE caller = 'waits';

-- Requests that may be repeated: their run, and what it answered.
CREATE TABLE dedupe_keys (
    flow TEXT NOT NULL,
    trigger_name TEXT NOT NULL,
    key TEXT NOT NULL,
    run_id TEXT NOT NULL,
    response BLOB,
    PRIMARY KEY (flow, trigger_name, key)
) WITHOUT ROWID;
CREATE INDEX dedupe_keys_by_run ON dedupe_keys (run_id);
