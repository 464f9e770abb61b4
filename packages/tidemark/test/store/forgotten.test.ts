import { runProgram } from "./child.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test } from "./test.ts";

/** What a program is given: a store with an inline projection that counts, and throws at what is named Broken. */
const counting = `const counted = tidemark.documentProjection({
    name: "counted",
    mode: "inline",
    collection: "counted",
    handles: ["ItemAdded", "Broken"],
    documentId: ({ streamId }) => streamId,
    evolve: (document, { type }) => {
      if (type === "Broken") throw new Error("broken");
      return { n: (document?.n ?? 0) + 1 };
    },
  });
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const open = (more) => openEventStore(process.env.URL, { schema: process.env.SCHEMA, logger: quiet, ...more });`;

/** Each runs to its end, where `runProgram` would wait for ever for what keeps its process. */
describe("a store with inline projections that nobody closes keeps no process", () => {
  // PGlite has a timer of its own, of 10 s after a statement.
  test.for(["a server", "a folder"])("once appends write them, on %s", async (where, { databaseUrl, schema, folder }) => {
    const printed = await runProgram(
      `${counting}
      const store = await open({ projections: [counted] });
      await store.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }]);
      console.log((await store.documents(counted).get("cart-1")).n, (await store.projections.get("counted")).state);`,
      { URL: where === "a server" ? databaseUrl : `file:${folder}`, SCHEMA: schema },
    );
    expect(printed).toBe("1 live\n");
  });

  test("while one is behind and stands still at a bad event", async ({ databaseUrl, schema }) => {
    const printed = await runProgram(
      `${counting}
      const before = await open();
      await before.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }, { type: "Broken", data: {} }]);
      await before.close();
      const store = await open({ projections: [counted] });
      await store.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }]);
      console.log((await store.projections.get("counted")).state);`,
      { URL: databaseUrl, SCHEMA: schema },
    );
    expect(printed).not.toBe("live\n");
  });

  test("with a pool of the user's own, once that is ended", async ({ databaseUrl, schema }) => {
    const printed = await runProgram(
      `${counting}
      const { default: pg } = await import("pg");
      const pool = new pg.Pool({ connectionString: process.env.URL });
      const store = await openEventStore({ pool, schema: process.env.SCHEMA, logger: quiet, projections: [counted] });
      await store.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }]);
      await pool.end();
      console.log("the end");`,
      { URL: databaseUrl, SCHEMA: schema },
    );
    expect(printed).toBe("the end\n");
  });
});

test("a subscription that nobody asks for its next event keeps no process", async ({ databaseUrl, schema }) => {
  const printed = await runProgram(
    `${counting}
    const store = await open();
    await store.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }]);
    const events = store.subscribe()[Symbol.asyncIterator]();
    console.log((await events.next()).value.streamId);
    await store.close();`,
    { URL: databaseUrl, SCHEMA: schema },
  );
  expect(printed).toBe("cart-1\n");
});

describe("a process is kept", () => {
  test("by a wait for a projection that stands still, until the time is up", async ({ databaseUrl, schema }) => {
    const printed = await runProgram(
      `${counting}
      const before = await open();
      const { position } = await before.appendToStream("cart-1", [{ type: "Broken", data: {} }]);
      await before.close();
      const store = await open({ projections: [counted] });
      const error = await store.waitFor("counted", position, { timeoutMs: 50 }).catch((error) => error);
      console.log(error.code);`,
      { URL: databaseUrl, SCHEMA: schema },
    );
    expect(printed).toBe("WAIT_TIMEOUT\n");
  });

  test.for([
    [
      "a worker that was started",
      `const worker = store.createWorker({ consumers: [tidemark.defineConsumer({ name: "mailer", handle: seen })] }); await worker.start();`,
    ],
    ["a worker that runs", `void store.createWorker({ consumers: [tidemark.defineConsumer({ name: "mailer", handle: seen })] }).run();`],
    ["a live subscription", `void (async () => { for await (const event of store.subscribe({ after: 0 })) await seen(event); })();`],
  ] as const)("by %s, until it is over", async ([, begin], { databaseUrl, schema, store, sql }) => {
    const url = new URL(databaseUrl);
    url.searchParams.set("application_name", "kept");
    const printing = runProgram(
      `${counting}
      const store = await open({ projections: [counted] });
      const seen = async ({ streamId }) => {
        console.log(streamId);
        if (streamId === "last") void store.close();
        else if (streamId === "first") await store.appendToStream("heard", [{ type: "Heard", data: {} }]);
      };
      ${begin}`,
      { URL: url.href, SCHEMA: schema },
    );
    await store.appendToStream("first", [itemAdded()]);
    for await (const { streamId } of store.subscribe()) if (streamId === "heard") break;
    const { rows } = await sql.query<{ now: Date }>("select now()");
    // It looks at the log once a second at most, and at nothing else meanwhile.
    await eventually(async () => {
      const later = await sql.query(
        "select from pg_stat_activity where datname = current_database() and application_name = 'kept' and query_start > $1::timestamptz + interval '2 s'",
        [rows[0]?.now],
      );
      expect(later.rowCount).toBeGreaterThan(0);
    });
    await store.appendToStream("last", [itemAdded()]);
    expect((await printing).split("\n")).toEqual(["first", "heard", "last", ""]);
  });
});
