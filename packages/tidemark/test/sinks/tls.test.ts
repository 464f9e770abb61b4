import { createCertificate, hasNats, hasRedis, startNats, startRedis } from "@tidemark/servers";
import type { Sink } from "tidemark";
import { nats } from "tidemark/nats";
import { redis } from "tidemark/redis";
import { describe, expect, test } from "vitest";
import { connect as connectNats } from "./jetstream.ts";
import { connect as connectRedis } from "./redis.ts";

/** What publishing one message came to. */
async function outcome(sink: Sink): Promise<unknown> {
  const event = {
    id: "7f2c7a52-4a0e-4f4e-9d1c-0d9c8e3f1a10",
    type: "ItemAdded",
    data: {},
    metadata: {},
    tags: [],
    streamId: "cart-1",
    category: "cart",
    version: 1,
    position: 1,
    recordedAt: new Date(0),
    schemaVersion: 1,
    tenant: "",
  };
  const message = { id: event.id, key: "cart-1", contentType: "text/plain", headers: {}, body: Buffer.from("tea"), event };
  try {
    await sink.publish(message, { signal: new AbortController().signal });
    return "acknowledged";
  } catch (error) {
    return error instanceof Error ? error.message : error;
  } finally {
    await sink.close();
  }
}

const unknownAuthority = /unable to verify|unable to get|self-signed|certificate/i;

describe("TLS", () => {
  test.runIf(hasRedis)("to Redis: the server must have a certificate of an authority that is trusted", async () => {
    const { authority, server } = await createCertificate("localhost");
    await using broker = await startRedis(server);
    expect(await outcome(redis({ url: broker.url, stream: "shop" }))).toMatch(unknownAuthority);
    expect(await outcome(redis({ url: broker.url, stream: "shop", tls: { ca: authority } }))).toBe("acknowledged");
    const observer = await connectRedis(broker.url, { ca: authority });
    expect(await observer.entries("shop")).toHaveLength(1);
    observer.destroy();
  });

  test.runIf(hasNats)("to NATS: the server must have a certificate of an authority that is trusted", async () => {
    const { authority, server } = await createCertificate("localhost");
    await using broker = await startNats({ certificate: server });
    const observer = await connectNats(broker.url, { tls: { ca: authority } });
    await observer.streams.add({ name: "shop", subjects: ["cart.>"] });
    expect(await outcome(nats({ url: broker.url }))).toMatch(unknownAuthority);
    expect(await outcome(nats({ url: broker.url, tls: { ca: authority } }))).toBe("acknowledged");
    expect(await observer.stored("shop")).toHaveLength(1);
    await observer.close();
  });
});
