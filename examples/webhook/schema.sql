CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    total_cents BIGINT NOT NULL,
    deliveries INT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW()
);

CREATE TABLE IF NOT EXISTS order_lines (
    order_id TEXT NOT NULL,
    sku TEXT NOT NULL,
    quantity INT NOT NULL,
    cents BIGINT NOT NULL,
    PRIMARY KEY (order_id, sku)
);
