CREATE TABLE IF NOT EXISTS users (
    external_id TEXT PRIMARY KEY,
    email TEXT,
    name TEXT,
    status VARCHAR(20) NOT NULL,
    metadata JSONB,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL
);

CREATE TABLE IF NOT EXISTS sync_retry_queue (
    id BIGSERIAL PRIMARY KEY,
    sync_id BIGINT NOT NULL,
    page INT NOT NULL,
    batch_num INT NOT NULL,
    error TEXT NOT NULL,
    status VARCHAR(20) NOT NULL DEFAULT 'pending',
    attempts INT NOT NULL DEFAULT 0,
    claimed_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL
);
