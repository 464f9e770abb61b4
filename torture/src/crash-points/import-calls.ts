import { setTimeout as delay } from "node:timers/promises";
import { checkStoreOptions } from "../../../packages/tidemark/src/arguments/store-options.ts";
import { checkStoreUrl } from "../../../packages/tidemark/src/arguments/store-url.ts";
import { openDatabase } from "../../../packages/tidemark/src/store/open-database.ts";
import { ProjectionGate } from "../../../packages/tidemark/src/projections/projection-gate.ts";
import { importEvents, type ImportReport } from "../../../packages/tidemark/src/transfer/import-events.ts";
import { readNdjson } from "../../../packages/tidemark/src/transfer/ndjson.ts";
import { contentOf } from "../history/content.ts";
import type { Part } from "../history/entry.ts";
import type { Client } from "../worker/client.ts";
import { failure, type Call } from "./call.ts";

/** Of each transaction of an import. */
const groups = { events: 2, size: 1_000_000 };
/** An import waits for minutes for a server that is silent. Its connection goes sooner. */
const patienceMs = 4_000;

interface Import {
  readonly parts: readonly Part[];
  /** What it said, if it said that all is there. */
  acknowledged?: ImportReport;
  /** Where nobody waited for its end. */
  running?: Promise<unknown>;
  readonly stop: AbortController;
}

/** By case. */
const imports = new Map<string, Import>();

function createImport({ newIds }: Client, category: string): Import {
  const ids = newIds(5);
  const parts = [1, 2].map((place): Part => ({ stream: `${category}-${place}`, expected: "any", ids: ids.splice(0, place + 1) }));
  const created: Import = { parts, stop: new AbortController() };
  imports.set(category, created);
  return created;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** As `tidemark import` does it, in groups of two events, with the client's one connection. */
async function importParts({ shared: { orders } }: Client, parts: readonly Part[], signal: AbortSignal): Promise<ImportReport> {
  const pool = { max: 1, connectionTimeoutMs: 2_500, queryTimeoutMs: orders.queryTimeoutMs };
  const { schema } = orders;
  const database = await openDatabase(checkStoreUrl(orders.url), checkStoreOptions({ schema, pool, logger: silent }));
  const createTransaction = (): never => {
    throw new TypeError("no projection is known here");
  };
  const lines = parts.flatMap(({ stream, ids }) => ids.map((id) => `${JSON.stringify({ streamId: stream, id, ...contentOf(id) })}\n`));
  async function* chunks(): AsyncGenerator<Buffer, void, undefined> {
    yield Buffer.from(lines.join(""));
  }
  try {
    return await importEvents(database, schema, readNdjson(chunks()), {
      tenant: undefined,
      utc: false,
      keepPositions: false,
      onBadLine: "stop",
      badLine: async () => undefined,
      progress: () => undefined,
      signal,
      gate: new ProjectionGate({ database, schema, projections: [], unknownProjections: "warn", logger: silent, createTransaction }),
      groups,
    });
  } finally {
    // A silent connection never says goodbye.
    void database.close().catch(() => undefined);
  }
}

/** Told as unknown, whatever came of it: `verify` asks for more than the checker, which only knows that part of an append is never there. */
async function importAll(client: Client, category: string, known = createImport(client, category)): Promise<void> {
  for (const part of known.parts) {
    for (const id of part.ids)
      await client.append(
        { kind: "append", how: "import", parts: [{ ...part, ids: [id] }] },
        () => untold,
        () => ({ t: "unknown", code: "IMPORT" }),
      );
  }
  const running = importParts(client, known.parts, known.stop.signal).then((report) => void (known.acknowledged = report));
  known.running = running.catch(() => undefined);
  await Promise.race([known.running, delay(patienceMs)]);
}

const untold = Promise.reject(new Error("an import acknowledges no single event"));
untold.catch(() => undefined);

/** What is acknowledged is there; done again it is all there, once, in the order of the file. */
async function isWhole(healthy: Client, category: string): Promise<string | undefined> {
  const known = imports.get(category);
  if (!known) return "nothing was imported";
  known.stop.abort();
  await known.running;
  const streamsNow = async (): Promise<string> => {
    const streams = await Promise.all(known.parts.map(({ stream }) => healthy.store.readStream(stream).toArray()));
    return JSON.stringify(streams.map((events) => events.map(({ id, version }) => [id, version])));
  };
  const wanted = JSON.stringify(known.parts.map(({ ids }) => ids.map((id, index) => [id, index + 1])));
  const before = await streamsNow();
  if (known.acknowledged && before !== wanted) return `acknowledged as ${JSON.stringify(known.acknowledged)}, and there is ${before}`;
  const { written, repeated } = await importParts(healthy, known.parts, new AbortController().signal);
  if (written + repeated !== 5) return `imported again, ${written} were written and ${repeated} there already, of 5`;
  const after = await streamsNow();
  return after === wanted ? undefined : `imported again, there is ${after}`;
}

export const importCalls: readonly Call[] = [
  {
    name: "import five events in three groups",
    promise: "L2",
    run: (client, category) => importAll(client, category),
    verify: (healthy, category) => failure(() => isWhole(healthy, category)),
  },
  {
    name: "import what an earlier import was cut short in",
    promise: "L2",
    async prepare(client, category) {
      const created = createImport(client, category);
      const [first] = created.parts;
      if (first) await importParts(client, [first], created.stop.signal);
    },
    run: (client, category) => importAll(client, category, imports.get(category)),
    verify: (healthy, category) => failure(() => isWhole(healthy, category)),
  },
];
