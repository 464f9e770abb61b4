import { createHash } from "node:crypto";
import { cursorAfter } from "./log-cursor.ts";
import { offsetOf } from "./log-offset.ts";
import type { Portion } from "./log-view.ts";

/** Who may keep answers. */
export type LogCaching = "private" | "public" | "no-store";

export interface AnswerOptions {
  /** The way of reading, which no entity tag of another may match. */
  readonly key: string;
  readonly caching: LogCaching;
  readonly cursor: string | null;
  readonly ifNoneMatch: string | null;
}

const always = { "x-content-type-options": "nosniff", "cross-origin-resource-policy": "same-origin", vary: "authorization, cookie" };

/** Headers of an answer without events: of HEAD, of `offset=now`, of a poll that found nothing. */
export function tailHeaders(place: number): Record<string, string> {
  return { ...always, "content-type": "application/json", "cache-control": "no-store", "stream-next-offset": offsetOf(place), "stream-up-to-date": "true" };
}

/** Headers of a stream of events. */
export function eventStreamHeaders(): Record<string, string> {
  // Proxies that collect an answer before they pass it on would hold events back.
  return { ...always, "content-type": "text/event-stream", "cache-control": "no-cache, no-store", "x-accel-buffering": "no" };
}

/** Some events as a JSON array, or 304 where the client has them. @param complete - There was nothing behind them. */
export function pageAnswer(
  { after, end, items }: Omit<Portion, "positions">,
  complete: boolean,
  { key, caching, cursor, ifNoneMatch }: AnswerOptions,
): Response {
  const tag = `"${createHash("sha256").update(key).digest("hex").slice(0, 12)}-${after}-${end}${complete ? "-end" : ""}"`;
  const headers = {
    ...always,
    "content-type": "application/json",
    "cache-control": cacheControl(caching, complete),
    etag: tag,
    "stream-next-offset": offsetOf(end),
    "stream-cursor": cursorAfter(cursor),
    ...(complete && { "stream-up-to-date": "true" }),
  };
  if (ifNoneMatch !== null && ifNoneMatch.split(",").some((each) => each.trim().replace(/^W\//, "") === tag))
    return new Response(null, { status: 304, headers });
  return new Response(`[${items.join(",")}]`, { headers });
}

/** A page that is full stays as it is. The last one grows: caches have to ask. */
function cacheControl(caching: LogCaching, complete: boolean): string {
  if (caching === "no-store") return "no-store";
  return complete ? `${caching}, no-cache` : `${caching}, max-age=60, stale-while-revalidate=300`;
}
