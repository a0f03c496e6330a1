-- How runs went, for people: compressed JSON.

CREATE TABLE profiles (
    run_id TEXT PRIMARY KEY,
    profile BLOB NOT NULL
);
