CREATE TABLE parcels (
        order_id TEXT PRIMARY KEY,
        parcel TEXT NOT NULL,
        country TEXT NOT NULL,
        pieces INTEGER NOT NULL,
        shipped_at INTEGER NOT NULL
) WITHOUT ROWID;
