CREATE TABLE flows (
    name TEXT PRIMARY KEY,
    path TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE versions (
    flow TEXT NOT NULL,
    version TEXT NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    overrides BLOB NOT NULL,
    PRIMARY KEY (flow, version)
) WITHOUT ROWID;
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    flow TEXT NOT NULL,
    version TEXT NOT NULL,
    trigger_name TEXT NOT NULL,
    scheduled_at INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    status TEXT NOT NULL,
    ends_as TEXT,
    vars BLOB NOT NULL,
    counters BLOB NOT NULL,
    error_count INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    dead_letters INTEGER NOT NULL,
    tasks_done INTEGER NOT NULL,
    worked INTEGER NOT NULL,
    -- Rows of its tasks may lie in a target.
    is_recorded INTEGER NOT NULL
, caller TEXT NOT NULL DEFAULT 'none', has_response INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX runs_by_start ON runs (started_at);
CREATE INDEX runs_by_flow ON runs (flow, started_at);
CREATE INDEX runs_unfinished ON runs (flow) WHERE status = 'running';
CREATE INDEX runs_recorded ON runs (flow, ended_at) WHERE is_recorded = 1;
CREATE TABLE run_errors (
    run_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    error BLOB NOT NULL,
    PRIMARY KEY (run_id, number)
) WITHOUT ROWID;
CREATE TABLE tasks (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    run_id TEXT NOT NULL,
    task BLOB NOT NULL,
    attempt INTEGER NOT NULL,
    infrastructure INTEGER NOT NULL,
    interruptions INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    is_executing INTEGER NOT NULL
);
CREATE INDEX tasks_by_run ON tasks (run_id);
CREATE TABLE task_groups (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX task_groups_by_run ON task_groups (run_id);
CREATE TABLE group_notes (
    group_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    note BLOB NOT NULL,
    PRIMARY KEY (group_id, number)
) WITHOUT ROWID;
CREATE TABLE dead_letters (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    run_id TEXT NOT NULL,
    flow TEXT NOT NULL,
    task BLOB NOT NULL,
    error BLOB NOT NULL,
    attempts INTEGER NOT NULL
);
CREATE INDEX dead_letters_by_run ON dead_letters (run_id);
CREATE INDEX dead_letters_by_flow ON dead_letters (flow);
CREATE TABLE triggers (
    flow TEXT NOT NULL,
    name TEXT NOT NULL,
    body BLOB NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (flow, name)
) WITHOUT ROWID;
CREATE TABLE state (
    flow TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (flow, key)
) WITHOUT ROWID;
CREATE TABLE requests (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    flow TEXT NOT NULL,
    body BLOB NOT NULL,
    refusal TEXT
);
CREATE INDEX runs_awaited ON runs (flow) WHERE caller = 'waits';
CREATE TABLE dedupe_keys (
    flow TEXT NOT NULL,
    trigger_name TEXT NOT NULL,
    key TEXT NOT NULL,
    run_id TEXT NOT NULL,
    response BLOB,
    PRIMARY KEY (flow, trigger_name, key)
) WITHOUT ROWID;
CREATE INDEX dedupe_keys_by_run ON dedupe_keys (run_id);
CREATE TABLE switches (
    flow TEXT NOT NULL,
    trigger_name TEXT NOT NULL,
    is_on INTEGER NOT NULL,
    PRIMARY KEY (flow, trigger_name)
) WITHOUT ROWID;
CREATE TABLE profiles (
    run_id TEXT PRIMARY KEY,
    profile BLOB NOT NULL
);
CREATE TABLE notices (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    flow TEXT NOT NULL,
    body BLOB NOT NULL,
    is_sent INTEGER NOT NULL
);
CREATE INDEX notices_by_flow ON notices (flow);
