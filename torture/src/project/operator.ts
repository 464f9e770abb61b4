import { setTimeout as delay } from "node:timers/promises";
import { isTidemarkError, openEventStore, type EventStore } from "tidemark";
import type { Rebuilt } from "../history/final.ts";
import type { Random } from "../random.ts";
import { catalogueOf } from "../shapes/catalogues.ts";
import { projectionsKnownBy } from "./projections.ts";
import { rebuiltNames, rebuiltVersions } from "./rebuilt.ts";

type Name = (typeof rebuiltNames)[keyof typeof rebuiltNames];

const patience = { timeoutMs: 3_000 };
const buildMs = 10_000;
const told = 20;

interface Act {
  readonly what: string;
  readonly run: (store: EventStore, name: Name, random: Random) => Promise<string | undefined>;
}

const rebuild: Act = {
  what: "rebuild",
  run: async ({ projections }, name) => void (await projections.rebuild(name, { version: 2, signal: AbortSignal.timeout(buildMs) })),
};
const rollBack: Act = { what: "roll back", run: async ({ projections }, name) => void (await projections.rollBack(name, patience)) };
const swap: Act = { what: "swap", run: async ({ projections }, name) => void (await projections.swap(name, patience)) };
const drop: Act = {
  what: "drop",
  async run({ projections }, name) {
    const idle = (await projections.list()).find((one) => one.name === name && !one.serving);
    if (idle) await projections.drop(name, idle.version);
    return undefined;
  },
};
const check: Act = {
  what: "check",
  async run({ projections }, name) {
    const { different } = await projections.check(name, { sample: 50, signal: AbortSignal.timeout(buildMs) });
    return different === 0 ? undefined : `${different} documents are not what the log makes`;
  },
};
const repair: Act = {
  what: "rebuild a document",
  async run({ projections }, name, random) {
    await projections.rebuildDocument(name, `warm-${5 * random.between(0, 39)}`, { signal: AbortSignal.timeout(buildMs) });
    return undefined;
  },
};

/** A short run has to come to a version that is built from a log with events. */
const first = [rollBack, drop, rebuild] as const;
const others = [rebuild, rebuild, rollBack, swap, drop, drop, check, repair] as const;

/** Somebody who builds versions of projections, swaps them, goes back and drops them, one after the other, until the run is over. */
export class Operator {
  readonly #schema: string;
  readonly #random: Random;
  readonly #done: Record<string, number> = {};
  readonly #wrong: string[] = [];

  constructor(schema: string, random: Random) {
    this.#schema = schema;
    this.#random = random;
  }

  /** How often each was done, and what no fault explains. */
  get findings(): Pick<Rebuilt, "done" | "wrong"> {
    return { done: this.#done, wrong: this.#wrong };
  }

  async run(url: () => string, over: AbortSignal): Promise<void> {
    for (let acts = 0; !over.aborted; acts++) {
      await delay(this.#random.between(200, 2_000), undefined, { signal: over }).catch(() => undefined);
      const act = first[Math.floor(acts / 2)] ?? this.#random.pick(others);
      const name = acts % 2 === 0 ? rebuiltNames.inline : rebuiltNames.async;
      if (!over.aborted) await this.#do(url(), act, name);
    }
  }

  /** A store of its own: it registers what was dropped again, and follows what no other process does. */
  async #do(url: string, { what, run }: Act, name: Name): Promise<void> {
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    try {
      const store = await openEventStore(url, {
        schema: this.#schema,
        projections: projectionsKnownBy(rebuiltVersions.length),
        ...catalogueOf("today"),
        pool: { max: 3, connectionTimeoutMs: 4_000, queryTimeoutMs: 5_000 },
        logger,
      });
      try {
        const found = await run(store, name, this.#random);
        this.#done[what] = (this.#done[what] ?? 0) + 1;
        if (found !== undefined) this.#say(`${what} of ${name}: ${found}`);
      } finally {
        await store.close({ timeoutMs: 5_000 });
      }
    } catch (error) {
      // What the library finds itself is what this is about. Everything else it may say while the server is away, or others hold what it needs.
      if (isTidemarkError(error, "PROJECTION_CHECK_FAILED")) this.#say(`${what} of ${name}: ${error.message}`);
      else if (!isTidemarkError(error) && !(error instanceof Error && /^(Abort|Timeout)Error$/.test(error.name)))
        this.#say(`${what} of ${name}: ${String(error)}`);
    }
  }

  #say(text: string): void {
    if (this.#wrong.length < told) this.#wrong.push(text);
  }
}
