import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type EventStore, openEventStore } from "tidemark";
import { eventData, eventType } from "../payload.ts";
import { callInLoops, type Sample } from "../sample.ts";
import type { Contestant, Scenario, Setting } from "../scenario.ts";
import { runSql } from "../databases.ts";
import { openEmmett } from "../subjects/emmett.ts";
import { tally } from "../subjects/tally.ts";
import { filled } from "./projections.ts";

/** Its command takes a second for some hundreds. */
const peerEvents = 2_000;
const streamsOf = (events: number): number => events / 20;

async function timed(work: () => Promise<number>): Promise<Sample> {
  const began = performance.now();
  const events = await work();
  return { events, seconds: (performance.now() - began) / 1_000, latencies: [] };
}

interface Child extends AsyncDisposable {
  said(): Promise<unknown>;
  tell(message: string): void;
}

/** A process of `subjects/`, killed in the end. */
function startProcess(file: string, given: readonly string[]): Child {
  const child = fork(fileURLToPath(new URL(`../subjects/${file}`, import.meta.url)), given, { execArgv: process.execArgv });
  return {
    said: () => once(child, "message"),
    tell: (message) => void child.send(message),
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Builds versions from `first` on beside the one that serves, and returns the events that they took. */
async function build(url: string, first: number, count: number): Promise<number> {
  const projections = Array.from({ length: count }, (_, index) => tally("async", first + index));
  await using store = await openEventStore(url, { projections });
  await using worker = store.createWorker({ onError: (error) => console.error(error) });
  await worker.start();
  await worker.caughtUp();
  return worker.counts().reduce((events, { handled }) => events + handled, 0);
}

async function readAll(url: string): Promise<number> {
  await using store = await openEventStore(url);
  let events = 0;
  for await (const event of store.readAll()) if (event.position > 0) events++;
  return events;
}

/** A second rebuild of the same database finds nothing to do, so each has one of its own. */
async function rebuildEmmett(setting: Setting): Promise<Sample> {
  const url = await setting.createDatabase();
  const emmett = await openEmmett(url);
  setting.progress("filling Emmett");
  for (let stream = 0; stream < streamsOf(peerEvents); stream++) await emmett.append(`cart-${stream}`, 20, false);
  await emmett.close();
  await runSql(url, "vacuum analyze");
  await using child = startProcess("emmett-rebuild-process.ts", [url]);
  await child.said();
  return await timed(async () => {
    child.tell("go");
    await child.said();
    return peerEvents;
  });
}

export const rebuildDocuments: Scenario = {
  number: 29,
  title: "Rebuild 50,000 documents from 1,000,000 events",
  about:
    "Every measurement builds another version of a document projection beside the one that serves, with a worker of its own, up to the end of the log. Three at once: three versions, whose events are counted thrice. readAll: the same log, read alone. Emmett: rebuildPostgreSQLProjections with its default settings, on 2,000 events and 100 documents.",
  async prepare(setting) {
    const events = setting.quick ? 100_000 : 1_000_000;
    const url = await filled(setting, events, streamsOf(events));
    let version = 1;
    const next = (count: number): number => (version += count) - count;
    const contestants: Contestant[] = [
      { name: "readAll", measure: () => timed(() => readAll(url)) },
      { name: "Tidemark", measure: () => timed(() => build(url, next(1), 1)) },
      { name: "three at once", measure: () => timed(() => build(url, next(3), 3)) },
    ];
    if (setting.withPeers) contestants.push({ name: "Emmett", measure: () => rebuildEmmett(setting) });
    return [
      {
        label: "one projection",
        subject: "Tidemark",
        contestants,
        targets: [
          { against: "readAll", atLeast: 0.6 },
          { against: "Emmett", atLeast: 20 },
        ],
      },
    ];
  },
};

/** Rebuilds one version after the other in a process of its own, for as long as `work` takes. */
async function besideRebuilds(url: string, first: number, work: () => Promise<Sample>): Promise<Sample> {
  await using child = startProcess("rebuild-process.ts", [url, String(first)]);
  await child.said();
  return await work();
}

export const appendBesideRebuild: Scenario = {
  number: 30,
  title: "Append while documents are rebuilt",
  about:
    "10 callers append one event each to one of 50,000 streams; beside them another process builds 50,000 documents from the log, one version after the other. Both share the machine with the server. The p99 at most doubles.",
  async prepare(setting) {
    const events = setting.quick ? 100_000 : 1_000_000;
    const url = await filled(setting, events, streamsOf(events));
    const store = await openEventStore(url);
    setting.cleanup.defer(() => store.close());
    let first = 1;
    const appending = (seconds: number): Promise<Sample> => callInLoops(10, seconds, () => append(store, streamsOf(events)));
    return [
      {
        label: "10 callers",
        subject: "beside a rebuild",
        contestants: [
          { name: "alone", measure: appending },
          { name: "beside a rebuild", measure: (seconds) => besideRebuilds(url, (first += 100), () => appending(seconds)) },
        ],
        targets: [{ of: "beside a rebuild", against: "alone", p99AtMostTimes: 2 }],
      },
    ];
  },
};

async function append(store: EventStore, streams: number): Promise<number> {
  await store.appendToStream(`cart-${Math.floor(Math.random() * streams)}`, [{ type: eventType, data: eventData }]);
  return 1;
}
