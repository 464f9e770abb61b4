import { mkdir } from "node:fs/promises";
import { startServer } from "servers";
import { openEventStore } from "tidemark";
import { administer } from "../faults/fault.ts";
import { writeFinalState } from "../run/final-phase.ts";
import { appendCalls } from "./append-calls.ts";
import type { Call } from "./call.ts";
import { breaks, type Break, type Point } from "./points.ts";
import { consumeCalls, handledTable } from "./consume-calls.ts";
import { followCalls } from "./follow-calls.ts";
import { openCalls } from "./open-calls.ts";
import { readCalls } from "./read-calls.ts";
import { record, replay, type Place } from "./replay.ts";

export const calls: readonly Call[] = [...appendCalls, ...readCalls, ...openCalls, ...followCalls, ...consumeCalls];

/** Many of them wait for answers that never come. */
const atOnce = 16;
const mostMs = 30_000;

export interface CrashPoints {
  readonly cases: number;
  /** By call: its messages. */
  readonly messages: readonly (readonly [call: string, messages: number])[];
  /** Cases whose message did not come again. */
  readonly missed: number;
  /** Cases that took longer than any time-out explains. */
  readonly slow: readonly string[];
  /** Cases after which something was not as it should be. */
  readonly wrong: readonly string[];
}

interface Case {
  readonly number: number;
  readonly call: Call;
  readonly point: Point;
  readonly how: Break;
}

/** Every call, broken at each of its messages in every way. Leaves histories and the final state in `folder`. */
export async function runCrashPoints(folder: string, version: 15 | 18, progress: (text: string) => void, only?: string): Promise<CrashPoints> {
  await mkdir(folder, { recursive: true });
  await using server = await startServer({ version, settings: { fsync: "off", max_connections: 200 } });
  const place: Place = { server, url: await server.createDatabase("points"), schema: "crash points", folder };
  await administer(place.url, (client) => client.query(handledTable));
  await (await openEventStore(place.url, { schema: place.schema })).close();

  const cases: Case[] = [];
  const messages: [string, number][] = [];
  let number = 1;
  for (const call of calls.filter(({ name }) => only === undefined || name === only)) {
    const points = await record(place, call, number++);
    messages.push([call.name, points.length]);
    for (const point of points) for (const how of breaks) cases.push({ number: number++, call, point, how });
  }

  const waiting = [...cases];
  const slow: string[] = [];
  const wrong: string[] = [];
  let [done, missed] = [0, 0];
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { call, point, how } = next;
      const { struck, tookMs, wrong: found } = await replay(place, call, point, how, next.number);
      if (!struck) missed++;
      if (tookMs > mostMs) slow.push(`${describe(next)} took ${tookMs} ms`);
      if (found !== undefined) wrong.push(`${describe(next)}: ${found}`);
      progress(`${++done} of ${cases.length} crash points`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  await writeFinalState({ folder, server, url: place.url, schema: place.schema, farewells: [{ worker: 0, incarnation: 0, tookMs: 0, code: 0 }] });
  return { cases: cases.length, messages, missed, slow, wrong };
}

function describe({ number, call, point, how }: Case): string {
  return `case-${number}: ${call.name}, ${how} at ${point.side} ${point.name} ${point.ordinal}`;
}
