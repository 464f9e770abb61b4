import { type Server, startServer } from "@tidemark/servers";
import { documentProjection, type EventStore, openEventStore, type StoreOptions } from "tidemark";
import { replayed, startStandby } from "../feed/standby.ts";
import { describe, eventually, expect, test as base } from "../support/test.ts";

const counts = documentProjection<{ readonly count: number }>({
  name: "counts",
  version: 1,
  mode: "inline",
  collection: "counts",
  documentId: ({ streamId }) => streamId,
  evolve: { Noted: (document) => ({ count: (document?.count ?? 0) + 1 }) },
});
const options: StoreOptions = { schema: "on both", projections: [counts], integrity: "chain", durability: "on" };
const noted = (...tags: string[]): { type: string; data: object; tags: string[] } => ({ type: "Noted", data: {}, tags });

interface Pair {
  readonly onPrimary: EventStore;
  readonly onStandby: EventStore;
  /** Runs SQL on the primary as a superuser whom no trigger stops, and waits until the standby has it. */
  damage(statement: string): Promise<void>;
}

const test = base.extend("pair", async ({}, { onCleanup }): Promise<Pair> => {
  const ends: (() => PromiseLike<void>)[] = [];
  onCleanup(async () => {
    for (const end of ends.toReversed()) await end();
  });
  const primary: Server = await startServer();
  ends.push(() => primary[Symbol.asyncDispose]());
  // The copy is made of a server that stands still.
  await (await openEventStore(primary.url, options)).close();
  const standby = await startStandby(primary);
  ends.push(() => standby[Symbol.asyncDispose]());
  const onPrimary = await openEventStore(primary.url, options);
  ends.push(() => onPrimary.close());
  await eventually(async () => expect(await onPrimary.projections.get("counts")).toMatchObject({ state: "live" }));
  await onPrimary.appendToStream("cart-1", [noted("a"), noted("a"), noted("b")]);
  await onPrimary.forTenant("acme").appendToStream("cart-1", [noted("a")]);
  const onStandby = await openEventStore(standby.url, { ...options, migrate: "off" });
  ends.push(() => onStandby.close());
  const damage = async (statement: string): Promise<void> => {
    await onPrimary.transaction(async (tx) => {
      await tx.query("set local session_replication_role = replica");
      await tx.query(statement);
    });
    await replayed(onPrimary, onStandby);
  };
  return { onPrimary, onStandby, damage };
});

describe("verify on a standby", () => {
  test("looks at events, tags, checkpoints, documents and the chain, and finds there what was damaged on the primary", async ({ pair }) => {
    const { onPrimary, onStandby, damage } = pair;
    // Followers on the primary write the mark down, up to which a standby reads.
    await onPrimary.highWaterMark();
    await replayed(onPrimary, onStandby);
    await eventually(async () => expect(await onStandby.highWaterMark()).toBe(4));
    expect(await onStandby.verify()).toEqual({ ...(await onPrimary.verify()), ok: true, from: 0, until: 4, events: 4, documents: 2 });
    expect(await onStandby.verify()).toMatchObject({ chain: { after: 0, active: true } });

    await damage(`delete from "on both".event_tags where position = 3`);
    await damage(`update "on both".counts__v1 set data = '{"count": 7}' where _partition = 'acme'`);
    await damage(`update "on both".events set data = '{"forged": true}' where position = 2`);
    const report = await onStandby.verify();
    expect(report.counts).toMatchObject({ "missing-tag": 1, document: 1, chain: 1 });
    expect(report).toEqual(await onPrimary.verify());
    await damage(`delete from "on both".events where position = 2`);
    expect((await onStandby.verify()).counts).toMatchObject({ "missing-version": 1 });
  });
});
