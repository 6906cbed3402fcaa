-- What clients posted: the same again changes nothing, other content under the same id is refused.
CREATE TABLE posts (
        order_id TEXT PRIMARY KEY,
        fingerprint INTEGER NOT NULL
) WITHOUT ROWID;

-- The projection. state: 0 placed, 1 accepted, 2 rejected, 3 returned, 4 shipped; it only grows.
CREATE TABLE orders (
        order_id TEXT PRIMARY KEY,
        state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
        detail TEXT NOT NULL,
        changed_at INTEGER NOT NULL
) WITHOUT ROWID;
