import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { defineConsumer, rolesSql } from "tidemark";
import { itemAdded } from "../support/cart.ts";
import { counts, describe, expect, refused, test } from "./open-as.ts";

const mailer = defineConsumer({ name: "mailer", handle() {} });

describe("the roles of rolesSql", () => {
  test("let a writer append and read, and no more", async ({ openAs, schema }) => {
    const store = await openAs("writer");
    await store.appendToStream("cart-1", [{ ...itemAdded(), tags: ["a"] }]);
    await store.append([{ ...itemAdded(), tags: ["a"] }], { streamId: "cart-2", condition: { query: [{ tags: ["b"] }] } });
    await store.schedule("cart-1", itemAdded(), { key: "k", in: 1_000_000 });
    await store.transaction((tx) => tx.publish({ topic: "mail", key: "a", payload: {} }));
    for (const _ of ["once", "again"]) await store.receive("m-1", (tx) => tx.appendToStream("cart-3", [itemAdded()]));
    expect(await store.readAll().toArray()).toHaveLength(3);
    for (const statement of ["update events set type = 'x'", "delete from events", "delete from streams", "create table mine (a int)", "drop table timers"])
      await expect(
        store.query(statement.replace(/(events|streams|mine|timers)/, (table) => `${pg.escapeIdentifier(schema)}.${table}`)),
        statement,
      ).rejects.toMatchObject(refused);
    await expect(store.createWorker({ consumers: [mailer] }).start()).rejects.toMatchObject(refused);
  });

  test("let a writer and a worker record changes, an operator also read them, a reader neither, and none of them remove any", async ({ openAs, store }) => {
    for (const kind of ["writer", "worker", "operator"] as const) {
      const { audit } = await openAs(kind);
      const { id } = await audit.record({ action: "pause", subject: "consumer mailer", actor: kind });
      expect(await audit.record({ id, action: "pause", subject: "consumer mailer" })).toEqual({ id, repeated: true });
      await audit.settle(id);
      if (kind === "operator") expect((await audit.list()).map(({ actor }) => actor)).toEqual(["operator", "worker", "writer"]);
      else await expect(audit.list(), kind).rejects.toMatchObject(refused);
      await expect(audit.prune({ before: new Date(4_000_000_000_000) }), kind).rejects.toMatchObject(refused);
    }
    const { audit } = await openAs("reader");
    await expect(audit.list()).rejects.toMatchObject(refused);
    await expect(audit.record({ action: "pause", subject: "consumer mailer" })).rejects.toMatchObject(refused);
    expect((await store.audit.list()).every(({ state }) => state === "done")).toBe(true);
  });

  test("let a reader read and follow, and not append", async ({ openAs, store }) => {
    await store.appendToStream("cart-1", [itemAdded()]);
    const reading = await openAs("reader");
    expect(await reading.readStream("cart-1").toArray()).toHaveLength(1);
    for await (const { position } of reading.subscribe()) {
      expect(position).toBe(1);
      break;
    }
    await expect(reading.appendToStream("cart-1", [itemAdded()])).rejects.toMatchObject(refused);
  });

  test("let a worker run consumers and projections", async ({ openAs }) => {
    const store = await openAs("worker", { projections: [counts] });
    await store.appendToStream("cart-1", [itemAdded()]);
    await using worker = store.createWorker({ consumers: [mailer] });
    await worker.start();
    await worker.caughtUp();
    expect(await store.documents(counts).get("cart-1")).toMatchObject({ n: 1 });
    await worker.stop();
  });

  test("let an operator look, pause and settle, and not append", async ({ openAs, store }) => {
    const worker = store.createWorker({ consumers: [mailer] });
    await worker.start();
    await worker.stop();
    const operating = await openAs("operator");
    expect(await operating.health()).toMatchObject({ live: true, ready: true });
    await operating.blockers();
    await operating.consumers.pause("mailer", { reason: "a look" });
    await operating.consumers.resume("mailer");
    expect(await operating.deadLetters.list()).toEqual([]);
    await operating.doctor();
    await operating.stats();
    await expect(operating.appendToStream("cart-1", [itemAdded()])).rejects.toMatchObject(refused);
  });

  test("grant what the reference says, and nothing else", async () => {
    const reference = await readFile(join(import.meta.dirname, "../../../../docs/reference/schema.md"), "utf8");
    const documented = (block: string): readonly string[] => (new RegExp(`\`\`\`sql ${block}\n(.*?)\n\`\`\``, "s").exec(reference)?.[1] ?? "").split("\n");
    const script = rolesSql({ prefix: "p" }).replaceAll(/"|table /g, "");
    // The rights on the schema and on functions, which all have, stand in two of the blocks alone.
    const ofAll = ["grant usage on schema tidemark to app;", "grant execute on all functions in schema tidemark to app;"];
    for (const [kind, ...blocks] of [
      ["writer", "grants"],
      ["worker", "worker", "projections"],
      ["reader", "reader"],
      ["operator", "operator"],
    ] as const) {
      const granted = [...script.matchAll(/^(grant .+ on .+) to p_(\w+);$/gm)].filter(([, , to]) => to === kind).map(([, grant]) => `${grant} to app;`);
      expect(granted.toSorted(), kind).toEqual([...new Set([...ofAll, ...blocks.flatMap(documented)])].toSorted());
    }
  });

  test.for([
    [{ schem: "a" }, 'did you mean "schema"?'],
    [{ prefix: "p".repeat(60) }, "options.prefix"],
    [{ schema: "" }, "options.schema"],
    [{ prefix: "a$tidemark$" }, "must not hold"],
  ] as const)("refuses the options %o", ([options, problem]) => {
    // @ts-expect-error What JavaScript may pass.
    expect(() => rolesSql(options)).toThrow(problem);
  });
});
