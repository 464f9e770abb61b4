import { defineRelay, type Relay } from "tidemark";
import { redis } from "tidemark/redis";

/** Redis streams, one for each relay. */
export const relayNames = ["events", "messages"] as const;
export type RelayName = (typeof relayNames)[number];

/** Whether the relay of events publishes those of a stream. */
export function isPublished(stream: string): boolean {
  return stream.startsWith("warm-");
}

const retry = { minDelayMs: 20, maxDelayMs: 200 };

/** One that publishes events, and one that publishes the outbox, which forgets what it has published as soon as it can. */
export function relaysTo(url: string): readonly Relay[] {
  const to = (stream: RelayName) => redis({ url, stream });
  return [
    defineRelay({
      name: "events",
      filter: { categories: ["warm"] },
      shards: 2,
      batchSize: 200,
      retry,
      to: to("events"),
      map: ({ streamId }) => ({ body: [streamId] }),
    }),
    defineRelay({
      name: "messages",
      source: "outbox",
      keepMs: 1_000,
      batchSize: 100,
      retry,
      to: to("messages"),
      map: ({ streamId, data }) => ({ body: [streamId, data] }),
    }),
  ];
}
