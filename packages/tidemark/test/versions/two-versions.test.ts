import { join } from "node:path";
import { openEventStore } from "tidemark";
import { documentProjection } from "../../src/index.ts";
import { describe, eventually, expect, test } from "../support/test.ts";
import { createOtherVersion } from "./other-version.ts";
import { documentsOf, type Summary } from "./messages.ts";
import { startProgram } from "./program.ts";

const own = join(import.meta.dirname, "../../src/index.ts");

describe("two versions of the package on one schema", () => {
  test.for(["the older first", "the newer first"])(
    "append, read, decide and follow side by side, and one of them alone afterwards: %s",
    async (order, { databaseUrl, schema, sql }) => {
      await sql.query("create table public.handled (position bigint primary key)");
      await using newer = await createOtherVersion();
      const at = { url: databaseUrl, schema };
      const entries = order === "the older first" ? [own, newer.entry] : [newer.entry, own];
      const [first = own, second = own] = entries;

      // An upgrade, or a downgrade: the second starts while the first works, and both go on.
      await using running = await startProgram({ entry: first, ...at });
      await running.work();
      await using starting = await startProgram({ entry: second, ...at });
      for (let round = 0; round < 3; round++) await Promise.all([running.work(), starting.work()]);
      const together = (await running.work()) + (await starting.work());
      await running.stop();
      await starting.stop();

      // The one that came first goes on alone: the code went back.
      await using back = await startProgram({ entry: first, ...at });
      const appended = together + (await back.work());
      await eventually(async () => expect((await sql.query("select from public.handled")).rowCount).toBe(appended), { timeoutMs: 60_000 });

      await using store = await openEventStore(databaseUrl, { schema });
      const log = await store.readAll().toArray();
      expect(log).toHaveLength(appended);
      const { rows } = await sql.query<{ position: string }>("select position from public.handled order by position");
      expect(rows.map(({ position }) => Number(position))).toEqual(log.map(({ position }) => position));
      expect(await store.deadLetters.list()).toEqual([]);

      const streams = [...Map.groupBy(log, ({ streamId }) => streamId)];
      const quantities = Object.fromEntries(streams.filter(([id]) => id.startsWith("cart-")).map(([id, events]) => [id, events.length]));
      for (const [id, events] of streams)
        expect(
          events.map(({ version }) => version),
          id,
        ).toEqual(events.map((_, n) => n + 1));
      for (const [collection, mode] of [
        ["inline_summaries", "inline"],
        ["async_summaries", "async"],
      ] as const) {
        const documents = store.documents(documentProjection<Summary>({ ...documentsOf(collection), mode }));
        await eventually(async () => {
          const found = await documents.find({ limit: 100 });
          expect(Object.fromEntries(found.map(({ _id, quantity }) => [_id, quantity]))).toEqual(quantities);
        });
      }
      // Not before: its worker is the last that brings the async documents up to date.
      await back.stop();
      await sql.query("drop table public.handled");
    },
  );
});
