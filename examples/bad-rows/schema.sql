CREATE TABLE IF NOT EXISTS users (
    external_id TEXT PRIMARY KEY,
    email TEXT,
    name TEXT,
    status VARCHAR(20) NOT NULL,
    metadata JSONB,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL
);

CREATE TABLE IF NOT EXISTS refused_users (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    page INT NOT NULL,
    user_data TEXT,
    code TEXT NOT NULL,
    error TEXT NOT NULL,
    refused_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW()
);
