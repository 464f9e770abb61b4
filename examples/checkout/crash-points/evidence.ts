import { inspect } from "node:util";
import type { EventStore, Logger } from "tidemark";
import type { PaymentService } from "../payment-service.ts";
import { type Story, streamId } from "./stories.ts";

/** What happened to one order, line by line: what its shops logged, and what was done to its process from outside. */
export type Diary = string[];

/** Has a shop write into the diary. */
export function loggerOf(diary: Diary, shop: string): Logger {
  const line = (...args: unknown[]): void => note(diary, `${shop}: ${args.map((arg) => (typeof arg === "string" ? arg : inspect(arg))).join(" ")}`);
  return { debug() {}, info: line, warn: line, error: line };
}

export function note(diary: Diary, text: string): void {
  diary.push(`${new Date().toISOString()} ${text}`);
}

/** Everything that is known of an order that did not end right, so that nobody has to bring it about again to explain it. */
export async function evidenceOf(store: EventStore, { order }: Story, service: PaymentService, diary: Diary): Promise<string> {
  const streams = await Promise.all(
    [streamId, `payment-${streamId}`, `stock-${order.sku}`].map(async (stream) => {
      const events = await store.readStream(stream).toArray();
      return events.map((event) => `${event.recordedAt.toISOString()} ${event.position} ${stream} ${event.type} ${JSON.stringify(event)}`);
    }),
  );
  const instance = await store.processes.get("checkout", streamId).then(
    ({ inputs, commands, timers, ...rest }) => [
      JSON.stringify(rest),
      ...inputs.map(({ number, event }) => `${event.recordedAt.toISOString()} ${event.position} input ${number} ${event.type}`),
      ...commands.map((command) => `command ${command.input}/${command.path.join("/")} ${command.status} ${JSON.stringify(command)}`),
      ...timers.map((timer) => `timer ${JSON.stringify(timer)}`),
    ],
    (error: unknown) => [String(error)],
  );
  const parts = { "the process": instance, "the streams": streams.flat(), "the payment service": service.diary, "the shops": diary };
  return Object.entries(parts)
    .map(([name, lines]) => [`-- ${name}`, ...lines].join("\n"))
    .join("\n");
}
