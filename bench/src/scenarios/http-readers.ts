import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Usage } from "../http-server.ts";
import type { Sample } from "../sample.ts";
import type { Contestant, Scenario, Setting } from "../scenario.ts";
import { median } from "../statistics.ts";

const mostMiB = 1_024;
/** Between two events, so that readers are idle. */
const quietMs = 500;

export const httpReaders: Scenario = {
  number: 66,
  title: "Wake idle readers of an event stream",
  about:
    "One process serves the log by server-sent events to 10,000 clients of another process, over TCP. An event is appended now and then; a call is the time from before its append until one of the clients has it. Bare: a `node:http` server in a process of its own writes the same bytes to as many clients in a loop, without a database. The server's process has to stay below 1 GiB.",
  unit: "wake-ups/s",
  async prepare(setting) {
    const clients = setting.quick ? 1_000 : 10_000;
    const name = `${clients.toLocaleString("en-US")} readers`;
    return [
      {
        label: "one event for all of them",
        subject: name,
        contestants: [await readers(name, "tidemark", clients, setting), await readers("bare", "bare", clients, setting)],
        targets: [
          { of: name, p99AtMostMs: 50 },
          { of: name, against: "bare", p99AtMostTimes: 1.5 },
        ],
      },
    ];
  },
};

/** A server in a process of its own, and its clients in another. */
async function readers(name: string, kind: "tidemark" | "bare", clients: number, setting: Setting): Promise<Contestant> {
  const url = kind === "tidemark" ? await setting.createDatabase() : "";
  const server = started("../http-server.ts", [kind, `${clients}`, url], setting);
  const port = await answer(server);
  const crowd = started("../http-clients.ts", [port, `${clients}`], setting);
  await answer(crowd);
  const usage = async (): Promise<Usage> => {
    const said = answer(server);
    server.send("usage");
    return JSON.parse(await said);
  };
  setting.progress(`${name}: connected; the server's process has ${(await usage()).residentMiB} MiB`);

  const measure = async (seconds: number): Promise<Sample> => {
    const latencies: number[] = [];
    const cpuMs: number[] = [];
    const start = performance.now();
    while (performance.now() - start < seconds * 1_000) {
      await delay(quietMs);
      const before = await usage();
      const got = answer(crowd);
      server.send("wake");
      const some: readonly number[] = JSON.parse(await got);
      latencies.push(...some);
      cpuMs.push((await usage()).cpuMs - before.cpuMs);
    }
    const { residentMiB } = await usage();
    console.log(`${name} (${kind}): the server's process took ${median(cpuMs).toFixed(0)} ms of processor for an event, and has ${residentMiB} MiB.`);
    if (residentMiB > mostMiB) throw new Error(`The server's process has ${residentMiB} MiB, which is more than ${mostMiB}.`);
    return { events: latencies.length, seconds: (performance.now() - start) / 1_000, latencies };
  };
  return { name, measure };
}

function started(file: string, args: readonly string[], { cleanup }: Setting): ChildProcess {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args);
  cleanup.defer(async () => {
    const exited = once(child, "exit");
    child.disconnect();
    await exited;
  });
  return child;
}

async function answer(child: ChildProcess): Promise<string> {
  const gone = new AbortController();
  const exited = once(child, "exit", { signal: gone.signal }).then(
    () => Promise.reject(new Error("A process of the measurement has ended.")),
    () => "",
  );
  const [message] = await Promise.race([once(child, "message"), exited]);
  gone.abort();
  return String(message);
}
