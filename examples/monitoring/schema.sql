CREATE TABLE IF NOT EXISTS users (
    external_id TEXT PRIMARY KEY,
    email TEXT,
    name TEXT,
    status VARCHAR(20) NOT NULL,
    metadata JSONB,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL
);

CREATE TABLE IF NOT EXISTS sync_progress (
    sync_id BIGINT PRIMARY KEY,
    page INT NOT NULL,
    pages INT NOT NULL,
    batch_num INT NOT NULL,
    total_batches INT NOT NULL,
    progress INT NOT NULL
);

CREATE TABLE IF NOT EXISTS sync_logs (
    id SERIAL PRIMARY KEY,
    sync_id BIGINT NOT NULL,
    status VARCHAR(20) NOT NULL,
    records_processed INT NOT NULL,
    pages INT NOT NULL,
    duration_seconds DECIMAL(10,2),
    errors JSONB,
    completed_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
);
