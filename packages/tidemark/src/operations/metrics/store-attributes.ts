import type { TracedStore } from "../../tracing/traced-store.ts";

/** What tells the series of one store from those of another in the same process. */
export function storeAttributes({ schema }: TracedStore): Readonly<Record<string, string>> {
  return { "tidemark.schema": schema };
}
