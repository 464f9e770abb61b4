import { randomUUID } from "node:crypto";
import { command, type Decider, defineProcess, type Event, type EventStore, handleCommand, openEventStore } from "tidemark";
import { callInLoops, type Sample } from "../sample.ts";
import type { Scenario } from "../scenario.ts";

type Placed = Event<string, { readonly amount: number }>;
type Requested = Event<"PaymentRequested", { readonly amount: number }>;

const payment: Decider<number, { readonly amount: number }, Requested> = {
  name: "payment",
  initialState: () => 0,
  evolve: (count) => count + 1,
  decide: ({ amount }) => [{ type: "PaymentRequested", data: { amount } }],
};

/** Instances of one process for each that may be issued at once: none waits for another. */
const instances = 150;
/** With fewer, the start of the worker and its leases are a tenth of the time. */
const leastInstances = 600;

/** A new process with one command for each input, from its worker's start until the last command is issued. */
async function runProcess(store: EventStore, concurrency: number, count: number): Promise<Sample> {
  const name = `ordering-${randomUUID()}`;
  const type = `Placed ${name}`;
  for (let from = 0; from < count; from += 1_000)
    await store.appendToStreams(
      Array.from({ length: Math.min(1_000, count - from) }, (_, n) => ({ streamId: `${name}-${from + n}`, events: [{ type, data: { amount: n } }] })),
    );
  const ordering = defineProcess<number, Placed>({
    name,
    handles: [type],
    concurrency,
    instanceId: ({ streamId }) => streamId,
    initialState: () => 0,
    evolve: (_amount, { data }) => data.amount,
    react: ({ streamId, data }) => [command(payment, `payment-${streamId}`, data)],
  });
  const worker = store.createWorker({ processes: [ordering], timers: false });
  const before = performance.now();
  await worker.start();
  await worker.caughtUp();
  const seconds = (performance.now() - before) / 1_000;
  await worker.stop();
  return { events: count, seconds, latencies: [] };
}

export const processInputs: Scenario = {
  number: 54,
  title: "A process issues one command for each input",
  about: `Every measurement starts a new process on ${instances} instances with one input each for every command that it may issue at once, and on ${leastInstances} at least, and waits until the last command is issued. handleCommand: the same commands, each with an id, from as many callers as the process issues at once.`,
  unit: "commands/s",
  async prepare(setting) {
    const store: EventStore = await openEventStore(await setting.createDatabase());
    setting.cleanup.defer(() => store.close());
    const countFor = (callers: number): number => (setting.quick ? callers * 30 : Math.max(callers * instances, leastInstances));
    const direct = async (): Promise<number> => {
      await handleCommand(store, payment, `payment-${randomUUID()}`, { amount: 1 }, { commandId: randomUUID() });
      return 1;
    };
    return [1, 32].map((callers) => ({
      label: callers === 1 ? "1 at once" : `${callers} at once`,
      subject: "process",
      contestants: [
        { name: "handleCommand", measure: (seconds) => callInLoops(callers, seconds, direct) },
        { name: "process", measure: () => runProcess(store, callers, countFor(callers)) },
      ],
      targets: [{ against: "handleCommand", atLeast: 0.5 }],
    }));
  },
};
