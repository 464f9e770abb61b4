/** For tests that crash nothing: durability would only cost time, and prepared transactions are off by default. */
export const settings = { fsync: "off", full_page_writes: "off", max_connections: 200, max_prepared_transactions: 20 } as const;
