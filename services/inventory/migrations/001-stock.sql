CREATE TABLE stock (
        sku TEXT PRIMARY KEY,
        free INTEGER NOT NULL CHECK (free >= 0)
) WITHOUT ROWID;

-- state: 1 reserved, 2 closed (released, returned, or rejected before anything was reserved)
CREATE TABLE orders (
        order_id TEXT PRIMARY KEY,
        state INTEGER NOT NULL CHECK (state IN (1, 2))
) WITHOUT ROWID;

-- What an order has reserved or brought back, added up by product.
CREATE TABLE lines (
        order_id TEXT NOT NULL,
        sku TEXT NOT NULL,
        quantity INTEGER NOT NULL CHECK (quantity > 0),
        PRIMARY KEY (order_id, sku)
) WITHOUT ROWID;
