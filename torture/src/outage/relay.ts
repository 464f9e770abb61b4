import { defineRelay, type Relay, type RetryOptions } from "tidemark";
import { redis } from "tidemark/redis";

/** The relay, and its stream at the broker. */
export const relayName = "orders";

/** As a user would have it: all that is not said is the default. */
export function relayTo(url: string, retry: RetryOptions | undefined): Relay {
  return defineRelay({
    name: relayName,
    to: redis({ url, stream: relayName }),
    map: ({ streamId, data }) => ({ body: [streamId, data] }),
    ...(retry && { retry }),
  });
}
