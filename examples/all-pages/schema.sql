CREATE TABLE IF NOT EXISTS users (
    external_id TEXT PRIMARY KEY,
    email TEXT,
    name TEXT,
    status VARCHAR(20) NOT NULL,
    metadata JSONB,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL
);
