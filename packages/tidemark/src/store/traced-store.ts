import type { ValidStoreOptions } from "../arguments/store-options.ts";
import type { StoreTarget } from "../arguments/store-url.ts";
import type { Database } from "../database/database.ts";
import type { TracedStore } from "../tracing/traced-store.ts";

/** How tracing names a store. Its URL's user and password are no part of it. */
export function tracedStore(target: StoreTarget, { schema }: ValidStoreOptions, { driver }: Database): TracedStore {
  return Object.freeze({ schema, driver, ...(target.kind === "server" && addressIn(target.url)) });
}

function addressIn(text: string): Pick<TracedStore, "host" | "port" | "database"> {
  const url = URL.parse(text.replaceAll(" ", "%20"));
  if (!url) return {};
  const database = url.pathname.slice(1);
  return {
    ...(url.hostname !== "" && { host: url.hostname, port: Number(url.port || 5432) }),
    ...(database !== "" && { database: decodeURIComponent(database) }),
  };
}
