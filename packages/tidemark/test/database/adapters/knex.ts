import knex from "knex";
import { fromKnex } from "../../../src/index.ts";
import type { Orm } from "./orm.ts";

export async function openKnex(url: string): Promise<Orm> {
  const db = knex({
    client: "pg",
    connection: url,
    // The store's statements must not meet it.
    postProcessResponse: () => [],
  });
  return {
    likePg: true,
    transaction: (work, isolation) =>
      db.transaction((trx) => work({ client: fromKnex(trx), insert: (entry) => trx("public.audit").insert({ entry }) }), {
        ...(isolation && { isolationLevel: "repeatable read" }),
      }),
    adaptItself: () => fromKnex(db),
    close: () => db.destroy(),
  };
}
