import { checkStreamId } from "../arguments/names.ts";
import { RequestRefusedError } from "../errors/http.ts";
import type { LogTarget } from "./log-access.ts";
import { type LogStart, positionOf } from "./log-offset.ts";

/** What a request asks for. */
export interface LogRequest {
  readonly target: LogTarget;
  readonly head: boolean;
  readonly live: "long-poll" | "sse" | undefined;
  readonly start: LogStart;
  readonly cursor: string | null;
}

/** What a request names: `path/log`, or `path/streams/` and the id of a stream. */
export function targetOf(request: Request, path: string): LogTarget {
  const { pathname } = new URL(request.url);
  if (!pathname.startsWith(`${path}/`)) throw notFound();
  const [kind, id, ...more] = pathname.slice(path.length + 1).split("/");
  if (kind === "log" && id === undefined) return { streamId: undefined };
  if (kind === "streams" && id !== undefined && more.length === 0) return { streamId: checkStreamId(decoded(id), "The stream id of the address") };
  throw notFound();
}

export function logRequest(request: Request, target: LogTarget): LogRequest {
  const { searchParams } = new URL(request.url);
  const head = request.method === "HEAD";
  const live = one(searchParams, "live");
  if (live !== null && live !== "long-poll" && live !== "sse") throw new RequestRefusedError(400, "live must be long-poll or sse.");
  const offset = one(searchParams, "offset");
  // A browser that connects again asks for the same address, and says here how far it was.
  const last = live === "sse" ? request.headers.get("last-event-id") : null;
  if (live !== null && offset === null && last === null)
    throw new RequestRefusedError(400, `live=${live} needs offset: -1 for the beginning, now for the end.`);
  const start = last === null || last === "" ? positionOf(offset ?? "-1") : positionOf(last, "Last-Event-ID");
  return { target, head, live: live ?? undefined, start, cursor: one(searchParams, "cursor") };
}

export function notFound(): RequestRefusedError {
  return new RequestRefusedError(404, "There is nothing at this address.");
}

function one(parameters: URLSearchParams, name: string): string | null {
  const values = parameters.getAll(name);
  if (values.length > 1) throw new RequestRefusedError(400, `${name} was given ${values.length} times.`);
  return values[0] ?? null;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    throw new RequestRefusedError(400, "The address is not well encoded.", { cause: error });
  }
}
