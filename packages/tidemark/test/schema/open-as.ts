import { randomBytes } from "node:crypto";
import { documentProjection, type EventStore, openEventStore, rolesSql } from "tidemark";
import { test as base } from "../support/test.ts";

export const kinds = ["owner", "writer", "reader", "worker", "operator"] as const;
export type Kind = (typeof kinds)[number];

/** What PostgreSQL says to a role without the right. */
export const refused = { code: "DATABASE", sqlState: "42501" };

export const counts = documentProjection<{ readonly n: number }>({
  name: "counts",
  version: 1,
  mode: "async",
  collection: "counts",
  documentId: ({ streamId }) => streamId,
  evolve: { ItemAdded: (document) => ({ n: (document?.n ?? 0) + 1 }) },
});

/** Tests of roles. `openAs`: a store as a login role that is a member of one of them. `prefix`: what their names begin with. */
export const test = base
  .extend("prefix", () => `tidemark_${randomBytes(4).toString("hex")}`)
  .extend("openAs", async ({ prefix, store, sql, schema, databaseUrl }, { onCleanup }) => {
    await store.highWaterMark();
    for (const _ of ["once", "again"]) await sql.query(rolesSql({ schema, prefix }));
    const opened: EventStore[] = [];
    const logins: string[] = [];
    onCleanup(async () => {
      await Promise.all(opened.map((one) => one.close()));
      for (const role of [...logins, ...kinds.map((kind) => `${prefix}_${kind}`)]) await sql.query(`drop owned by ${role} cascade; drop role ${role}`);
    });
    return async (kind: Kind, options: Parameters<typeof openEventStore>[1] = {}): Promise<EventStore> => {
      const login = `${prefix}_login_${kind}`;
      if (!logins.includes(login)) {
        await sql.query(`create role ${login} login password 'not a secret' in role ${prefix}_${kind}`);
        logins.push(login);
      }
      const url = new URL(databaseUrl);
      url.username = login;
      url.password = "not a secret";
      const opening = await openEventStore(url.href, { schema, migrate: "verify", ...options });
      opened.push(opening);
      return opening;
    };
  });

export { describe, expect } from "../support/test.ts";
