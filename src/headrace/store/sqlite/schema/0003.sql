-- What a person has started or stopped, against what the flow's file says.

CREATE TABLE switches (
    flow TEXT NOT NULL,
    trigger_name TEXT NOT NULL,
    is_on INTEGER NOT NULL,
    PRIMARY KEY (flow, trigger_name)
) WITHOUT ROWID;

-- How runs went, for people: compressed JSON.

CREATE TABLE profiles (
    run_id TEXT PRIMARY KEY,
    profile BLOB NOT NULL
);
