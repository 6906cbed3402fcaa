-- One row an order, from the moment it is decided.
CREATE TABLE orders (
        order_id TEXT PRIMARY KEY,
        outcome TEXT NOT NULL CHECK (outcome IN ('accepted', 'rejected', 'returned')),
        decided_at INTEGER NOT NULL
) WITHOUT ROWID;
