import type { DriverClient } from "../model/driver.ts";
import { usesConnectionOf } from "../database/connection-queue.ts";

/** What ORMs call of a driver's client. */
const methods = new Set<string | symbol>(["query", "exec", "execute", "sql"]);

/**
 * Stands for the driver's client of a transaction that opens at the first use: each call goes to the client once it is
 * there, in the handler's own part of the transaction.
 */
export function lazyClient(use: <T>(work: (client: DriverClient) => Promise<T>) => Promise<T>): DriverClient {
  // Never called: every method is looked up below.
  const target: DriverClient = { query: () => Promise.reject(new TypeError("The driver's client is not there.")) };
  const proxy: DriverClient = new Proxy(target, {
    get: (_target, name) =>
      methods.has(name)
        ? (...args: unknown[]) =>
            use(async (client) => {
              const method: unknown = typeof client === "object" && client !== null ? Reflect.get(client, name) : undefined;
              if (typeof method !== "function") throw new TypeError(`The driver's client has no method ${String(name)}.`);
              const result: unknown = await Reflect.apply(method, client, args);
              return result;
            })
        : undefined,
    has: (_target, name) => methods.has(name),
  });
  usesConnectionOf(proxy, () => use(async (client) => (client instanceof Object ? client : proxy)));
  return proxy;
}
