import { openEventStore } from "tidemark";
import { startPaymentService } from "../payment-service.ts";
import type { StockEvent } from "../events.ts";
import { evidenceOf } from "./evidence.ts";
import { goOn, live, type Place, type Point } from "./live.ts";
import { stories, type Story } from "./stories.ts";

export interface CrashPointsOptions {
  readonly url: string;
  readonly schema: string;
  /** One of so many shares, from 1 on: all shares are all messages, whenever each is run. @defaultValue all */
  readonly share?: { readonly index: number; readonly of: number };
  /** Each waits most of the time: for answers that never come, and for the lease of a shop that is dead. @defaultValue 8 */
  readonly atOnce?: number;
  readonly progress?: (text: string) => void;
}

export interface CrashPoints {
  /** How many messages an order takes whose shop lives, by story. */
  readonly messages: readonly (readonly [story: string, messages: number])[];
  readonly cases: number;
  /** Of all shares. */
  readonly all: number;
  /** How long a case took: from the first shop's opening until the second one has closed. */
  readonly meanMs: number;
  readonly longestMs: number;
  /** Cases whose message did not come again, so that the shop lived. */
  readonly lived: number;
  readonly wrong: readonly string[];
}

interface Case {
  readonly story: Story;
  readonly point: Point;
}

/** Has a shop die at each protocol message of each story, and another one go on. */
export async function runCrashPoints({ url, schema, share, atOnce = 8, progress = () => {} }: CrashPointsOptions): Promise<CrashPoints> {
  const store = await openEventStore(url, { schema });
  let tenants = 0;

  /** A tenant with ten packets of tea, and a payment service of its own. */
  async function at<T>(work: (place: Place) => Promise<T>): Promise<T> {
    const tenant = `shop-${++tenants}`;
    const place = { url, schema, tenant, store: store.forTenant(tenant), diary: [] };
    await place.store.appendToStream<StockEvent>("stock-tea", [{ type: "StockArrived", data: { items: 10 } }]);
    const service = await startPaymentService();
    try {
      return await work({ ...place, service });
    } finally {
      await service.close();
    }
  }

  try {
    const messages: [string, number][] = [];
    const all: Case[] = [];
    for (const story of stories) {
      const { frontend, backend } = await at((place) => live(place, story));
      messages.push([story.name, frontend + backend]);
      for (const [side, count] of [
        ["frontend", frontend],
        ["backend", backend],
      ] as const)
        all.push(...Array.from({ length: count }, (_, ordinal) => ({ story, point: { side, ordinal } })));
    }
    // By the place in its story: another run may count some more or less.
    const waiting = all.filter(({ point }) => !share || point.ordinal % share.of === share.index - 1);
    const cases = waiting.length;
    const wrong: string[] = [];
    let [done, lived, sumMs, longestMs] = [0, 0, 0, 0];
    const find = async (place: Place, { story, point }: Case): Promise<string | undefined> => {
      const found = await (async () => {
        const { dead } = await live(place, story, point);
        if (!dead) lived++;
        return await goOn(place, story);
      })().catch(String);
      return found === undefined ? undefined : `${found}\n${await evidenceOf(place.store, story, place.service, place.diary)}`;
    };
    const take = async (): Promise<void> => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const { story, point } = next;
        const startedAt = performance.now();
        const found = await at((place) => find(place, next)).catch(String);
        const tookMs = performance.now() - startedAt;
        sumMs += tookMs;
        longestMs = Math.max(longestMs, tookMs);
        if (found !== undefined) wrong.push(`${story.name}, dead at ${point.side} message ${point.ordinal}: ${found}`);
        progress(`${++done} of ${cases} crash points, ${wrong.length} wrong${wrong.length === 0 ? "" : `, the last: ${wrong.at(-1)}`}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, take));
    return { messages, cases, all: all.length, meanMs: sumMs / Math.max(cases, 1), longestMs, lived, wrong };
  } finally {
    await store.close();
  }
}
