import { isTidemarkError } from "../errors/errors.ts";

/** The shard's rows are not where this worker left them: `position` is where they stand, undefined where they are gone. */
export function refusedShard(error: unknown): { readonly fence: number | undefined; readonly position: number | undefined } | undefined {
  if (!isTidemarkError(error, "DATABASE") || error.sqlState !== "TM005") return undefined;
  const detail: unknown = error.cause instanceof Error ? Reflect.get(error.cause, "detail") : undefined;
  const now: unknown = typeof detail === "string" ? JSON.parse(detail) : {};
  const field = (name: string): number | undefined => {
    const value: unknown = typeof now === "object" && now !== null ? Reflect.get(now, name) : undefined;
    return typeof value === "number" ? value : undefined;
  };
  return { fence: field("fence"), position: field("position") };
}
