CREATE TABLE notices (
        order_id TEXT NOT NULL,
        about INTEGER NOT NULL,
        customer TEXT NOT NULL,
        text TEXT NOT NULL,
        sent_at INTEGER NOT NULL,
        PRIMARY KEY (order_id, about)
) WITHOUT ROWID;
