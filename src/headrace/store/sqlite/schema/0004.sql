-- What flows tell others about how their runs go; those that were sent are kept to know what was said last.

CREATE TABLE notices (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    flow TEXT NOT NULL,
    body BLOB NOT NULL,
    is_sent INTEGER NOT NULL
);
CREATE INDEX notices_by_flow ON notices (flow);
