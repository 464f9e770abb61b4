import { hasPgbouncer, startPgbouncer } from "@tidemark/servers";
import { openDatabase as open } from "../../src/store/open-database.ts";
import { checkStoreOptions } from "../../src/arguments/store-options.ts";
import { checkStoreUrl } from "../../src/arguments/store-url.ts";
import { Feed } from "../../src/feed/feed.ts";
import { defaultTimings } from "../../src/feed/timings.ts";
import { append } from "./open.ts";

import { describe, eventually, expect, test } from "./test.ts";

describe("behind a real pgbouncer in transaction mode", () => {
  test("followers poll, everything arrives, and it is said once", async ({ store, databaseUrl, schema }) => {
    if (!hasPgbouncer) {
      console.log("NOT TESTED: /usr/sbin/pgbouncer is not installed (Debian: apt-get install pgbouncer).");
      return;
    }
    await store.highWaterMark();
    await using pooler = await startPgbouncer(databaseUrl);
    const said: string[] = [];
    const say = (line: unknown): void => void said.push(String(line));
    const logger = { debug: say, info: say, warn: say, error: say };
    const database = await open(checkStoreUrl(pooler.url), checkStoreOptions({ schema, logger, prepare: false }));
    const feed = new Feed(database, schema, logger, { ...defaultTimings, heardWithinMs: 300, slowMs: 100 });
    try {
      const following = feed.follow({
        reader: "test",
        tenant: undefined,
        after: { position: 0, id: null },
        batchSize: 10,
        signal: new AbortController().signal,
      });
      expect((await following.next()).value).toMatchObject({ caughtUp: true });
      for (let n = 1; n <= 3; n++) {
        const next = following.next();
        await append(store, "a");
        expect((await next).value?.events.map(({ event }) => event.position)).toEqual([n]);
      }
      await eventually(() => expect(said.filter((line) => line.includes("notifications do not arrive"))).toHaveLength(1));
      const next = following.next();
      await append(store, "a");
      expect((await next).value?.events).toHaveLength(1);
      expect(said).toHaveLength(1);
      await following.return();
    } finally {
      await feed.drain();
      await feed.stop();
      await database.close();
    }
  });
});
