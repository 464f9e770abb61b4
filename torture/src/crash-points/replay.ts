import { join } from "node:path";
import { startProxy, type Server } from "@tidemark/servers";
import { openEventStore, type EventStore } from "tidemark";
import { eventId } from "../history/content.ts";
import { openHistory } from "../history/write.ts";
import { appendAgain } from "../operations/append-again.ts";
import { randomFrom } from "../random.ts";
import { createClient, type Client, type Shared } from "../worker/client.ts";
import { KnownVersions } from "../worker/versions.ts";
import type { Call } from "./call.ts";
import { breakAt, recordPoints, untilQuiet, type Break, type Point } from "./points.ts";

export interface Place {
  readonly server: Server;
  readonly url: string;
  readonly schema: string;
  readonly folder: string;
}

/** A case whose clients are opened. */
interface Opening {
  readonly place: Place;
  readonly call: Call;
  readonly number: number;
}

/** One connection, so that the messages of a call come in one order. Impatient, since some answers never come. */
const impatient = { max: 1, connectionTimeoutMs: 2_500, queryTimeoutMs: 700 };
/** What is sent again because the machine was busy must not count as a message of the call. */
const patient = { max: 1, connectionTimeoutMs: 30_000, queryTimeoutMs: 30_000 };

/** Nothing is broken yet; the machine may be busy with other cases. */
async function open(...call: Parameters<typeof openEventStore>): Promise<EventStore> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openEventStore(...call);
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
}

async function openClient({ place, call, number }: Opening, url: string, pool: typeof impatient, shared?: Shared): Promise<Client> {
  const idsToGive: string[] = [];
  const store = await open(url, {
    schema: place.schema,
    migrate: "off",
    pool,
    projections: call.projections?.(`case${number}`) ?? [],
    createId: () => idsToGive.shift() ?? eventId(0xfff, 0xfff, 0, 0),
    // What goes on in the background of a store whose connections break tells of it.
    logger: { debug() {}, info() {}, warn() {}, error: (...args) => void (pool === impatient || console.error(...args)) },
  });
  const history = join(place.folder, `case-${number}.history.jsonl`);
  const random = randomFrom(number, "case");
  return createClient(
    shared
      ? { ...shared, store, idsToGive, orders: { ...shared.orders, url, queryTimeoutMs: pool.queryTimeoutMs } }
      : {
          orders: {
            seed: 1,
            code: "before",
            worker: number >> 11,
            incarnation: number & 0x7ff,
            url,
            schema: place.schema,
            history,
            predecessor: undefined,
            clients: 1,
            followers: 0,
            queryTimeoutMs: pool.queryTimeoutMs,
            eventsPerSecond: 0,
          },
          store,
          history: openHistory(history),
          versions: new KnownVersions(),
          idsToGive,
          unresolved: [],
          stopping: new AbortController().signal,
          operations: 0,
          written: 0,
          acknowledged: 0,
        },
    random,
  );
}

/** The messages of a call when nothing breaks. */
export async function record(place: Place, call: Call, number: number): Promise<Point[]> {
  await using proxy = await startProxy({ port: place.server.port });
  const client = await openClient({ place, call, number }, proxy.through(place.url), patient);
  await using _store = client.store;
  await call.prepare?.(client, `case${number}`);
  await untilQuiet(proxy);
  // Awaited, or the store would close before.
  return await recordPoints(proxy, () => call.run(client, `case${number}`));
}

export interface Replayed {
  /** The message came, and was broken. */
  readonly struck: boolean;
  readonly tookMs: number;
  /** What is not as it should be afterwards. */
  readonly wrong: string | undefined;
}

/** The call again, broken at one message; afterwards what is unknown is sent again on a healthy connection. */
export async function replay(place: Place, call: Call, point: Point, how: Break, number: number): Promise<Replayed> {
  const startedAt = performance.now();
  await using proxy = await startProxy({ port: place.server.port });
  const client = await openClient({ place, call, number }, proxy.through(place.url), impatient);
  await call.prepare?.(client, `case${number}`);
  await untilQuiet(proxy);
  const struck = breakAt(proxy, point, how);
  await call.run(client, `case${number}`);
  // Whoever has given up closed its end; what it had sent arrives all the same.
  await struck.goneOn();
  // What the server still holds for a silent client goes with the connection. The port does not, so that the client reaches no other server by it.
  proxy.refuseAll();
  await client.store.close();
  const healthy = await openClient({ place, call, number }, place.url, patient, client.shared);
  await using _store = healthy.store;
  while (client.shared.unresolved.length > 0) await appendAgain.run(healthy);
  const tookMs = Math.round(performance.now() - startedAt);
  return { struck: struck.yet(), tookMs, wrong: await call.verify?.(healthy, `case${number}`) };
}
