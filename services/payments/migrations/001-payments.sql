-- state: 1 held, 2 captured, 3 closed (released, refunded, or rejected before anything was authorised)
CREATE TABLE payments (
        order_id TEXT PRIMARY KEY,
        state INTEGER NOT NULL CHECK (state IN (1, 2, 3)),
        customer TEXT NOT NULL,
        amount INTEGER NOT NULL CHECK (amount >= 0),
        currency TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE entries (
        entry INTEGER PRIMARY KEY,
        order_id TEXT NOT NULL,
        kind INTEGER NOT NULL,
        amount INTEGER NOT NULL CHECK (amount >= 0),
        currency TEXT NOT NULL,
        debit TEXT NOT NULL,
        credit TEXT NOT NULL,
        entered_at INTEGER NOT NULL,
        UNIQUE (order_id, kind)
);
