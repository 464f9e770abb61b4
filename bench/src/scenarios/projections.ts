import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { openEventStore } from "tidemark";
import { runSql } from "../databases.ts";
import { eventData, eventType } from "../payload.ts";
import type { Sample } from "../sample.ts";
import type { Comparison, Contestant, Scenario, Setting } from "../scenario.ts";
import { projectBare } from "../subjects/bare-projection.ts";
import { emmettTally, type EmmettProjections } from "../subjects/emmett-projection.ts";
import { importPeer } from "../subjects/peers.ts";
import { contestant } from "../subjects/open.ts";
import { tally } from "../subjects/tally.ts";

const anyStream = (streams: number): string => `cart-${Math.floor(Math.random() * streams)}`;
const event = { type: eventType, data: eventData };

export const appendWithInlineProjection: Scenario = {
  number: 26,
  title: "Append one event with one inline document projection",
  about:
    "Every call appends to one of 1,000 streams, and changes the document of that stream in the same transaction. Emmett: its inline projection on Pongo, default settings.",
  async prepare(setting) {
    const store = await openEventStore(await setting.createDatabase(), { projections: [tally("inline")] });
    setting.cleanup.defer(() => store.close());
    const emmett = setting.withPeers ? await openEmmettInline(await setting.createDatabase()) : undefined;
    if (emmett) setting.cleanup.defer(() => emmett.close());
    return [1, 100].map((callers): Comparison => ({
      label: callers === 1 ? "1 caller" : `${callers} callers`,
      subject: "Tidemark",
      contestants: [
        contestant("Tidemark", callers, async () => {
          await store.appendToStream(anyStream(1_000), [event]);
          return 1;
        }),
        ...(emmett ? [contestant("Emmett", callers, (giveUp) => emmett.append(anyStream(1_000), giveUp))] : []),
      ],
      targets: [{ against: "Emmett", atLeast: callers === 1 ? 1.8 : 8 }],
    }));
  },
};

interface EmmettStores extends EmmettProjections {
  getPostgreSQLEventStore(
    url: string,
    options: { readonly projections: unknown },
  ): {
    appendToStream(streamId: string, events: readonly unknown[]): Promise<unknown>;
    readonly schema: { migrate(): Promise<unknown> };
    close(): Promise<void>;
  };
}

interface EmmettCore {
  readonly projections: { inline(definitions: readonly unknown[]): unknown };
}

async function openEmmettInline(
  url: string,
): Promise<{ append(streamId: string, giveUp: AbortSignal, count?: number): Promise<number>; close(): Promise<void> }> {
  const emmett = await importPeer<EmmettStores>("@event-driven-io/emmett-postgresql");
  const { projections } = await importPeer<EmmettCore>("@event-driven-io/emmett");
  const store = emmett.getPostgreSQLEventStore(url, { projections: projections.inline([emmettTally(emmett)]) });
  await store.schema.migrate();
  return {
    async append(streamId, giveUp, count = 1) {
      const events = Array.from({ length: count }, () => event);
      // It reads the version and then writes: of two callers on one stream, one has to try again.
      while (!giveUp.aborted) {
        try {
          await store.appendToStream(streamId, events);
          return count;
        } catch (error) {
          if (!(error instanceof Error) || !/version/i.test(`${error.name} ${error.message}`)) throw error;
        }
      }
      return 0;
    },
    close: () => store.close(),
  };
}

/** Emmett's processor takes a second for about a thousand. */
const peerEvents = 3_000;

export const followWithAsyncProjection: Scenario = {
  number: 27,
  title: "An async document projection catches up with 200,000 events",
  about:
    "10,000 documents, one a stream. Every measurement builds a new version from the beginning of the log, with a worker of its own. Floor: the same batches by the bare driver: read events, load, upsert, checkpoint. Emmett: a projector on Pongo with its default settings, on 3,000 events.",
  async prepare(setting) {
    const events = setting.quick ? 20_000 : 200_000;
    const url = await filled(setting, events, events / 20);
    let version = 0;
    const contestants: Contestant[] = [
      { name: "floor", measure: () => timed(() => projectBare(url, "public.floor")) },
      { name: "Tidemark", measure: async () => timed(() => follow(url, ++version, events)) },
    ];
    if (setting.withPeers) contestants.push({ name: "Emmett", measure: async () => followEmmett(await setting.createDatabase()) });
    return [
      {
        label: "one projection",
        subject: "Tidemark",
        contestants,
        targets: [
          { against: "floor", atLeast: 0.7 },
          { against: "Emmett", atLeast: 20 },
        ],
      },
    ];
  },
};

/** A database with a store of so many events, five an append, in so many streams. */
export async function filled(setting: Setting, events: number, streams: number): Promise<string> {
  const url = await setting.createDatabase();
  const store = await openEventStore(url);
  setting.progress("filling Tidemark");
  for (let written = 0; written < events; written += 500)
    await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        store.appendToStream(
          `cart-${(written / 5 + n) % streams}`,
          Array.from({ length: 5 }, () => event),
        ),
      ),
    );
  await store.close();
  await runSql(url, "vacuum analyze");
  return url;
}

async function timed(work: () => Promise<number>): Promise<Sample> {
  const began = performance.now();
  const events = await work();
  return { events, seconds: (performance.now() - began) / 1_000, latencies: [] };
}

async function follow(url: string, version: number, events: number): Promise<number> {
  const projection = tally("async", version);
  await using store = await openEventStore(url, { projections: [projection] });
  await using worker = store.createWorker();
  await worker.start();
  await worker.caughtUp();
  return events;
}

async function followEmmett(url: string): Promise<Sample> {
  const emmett = await openEmmettInline(url);
  for (let stream = 0; stream < peerEvents / 20; stream++) await emmett.append(`cart-${stream}`, new AbortController().signal, 20);
  await emmett.close();
  await runSql(url, "truncate tally");
  const child = fork(fileURLToPath(new URL("../subjects/emmett-projector-process.ts", import.meta.url)), [url], {
    execArgv: process.execArgv,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const seen = async (): Promise<number> => Number((await client.query("select coalesce(sum((data ->> 'events')::int), 0) as n from tally")).rows[0].n);
  let first = 0;
  while ((first = await seen()) === 0) await delay(5);
  const began = performance.now();
  while ((await seen()) < peerEvents) await delay(5);
  const seconds = (performance.now() - began) / 1_000;
  await client.end();
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  return { events: peerEvents - first, seconds, latencies: [] };
}
