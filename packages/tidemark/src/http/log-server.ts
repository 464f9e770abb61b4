import { Semaphore } from "../async/semaphore.ts";
import { StoreClosedError } from "../errors/opening.ts";
import { RequestRefusedError } from "../errors/http.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { EventStore } from "../store/event-store.ts";
import { eventStream } from "./event-stream.ts";
import type { Frame } from "./frame.ts";
import type { LiveLog } from "./live-log.ts";
import { type Lease, LiveLogs } from "./live-logs.ts";
import { LiveReader } from "./live-reader.ts";
import { checkAccess, type LogTarget, withinStream } from "./log-access.ts";
import { type AnswerOptions, eventStreamHeaders, type LogCaching, pageAnswer, tailHeaders } from "./log-answer.ts";
import { cursorAfter } from "./log-cursor.ts";
import { type LogRequest, logRequest, notFound, targetOf } from "./log-request.ts";
import { LogView, type Page } from "./log-view.ts";
import { problemResponse } from "./problem.ts";

export interface LogServerOptions {
  readonly authorize: (request: Request, target: LogTarget) => unknown;
  readonly path: string;
  /** An event as JSON. Undefined: it is left out. */
  readonly represent: (event: RecordedEvent) => string | undefined;
  readonly caching: LogCaching;
  readonly pageEvents: number;
  readonly pageBytes: number;
  readonly longPollMs: number;
  readonly connectionMs: number;
  readonly heartbeatMs: number;
  readonly maxReaders: number;
  readonly onError: (error: unknown) => void;
}

/** Queries for pages at once: thousands that connect together must leave connections for appends. */
const mostReads = 4;
/** So often, or oftener, live readers look at the time. */
const mostLookMs = 1_000;

/** A request with what it may read. */
interface Reading {
  readonly request: Request;
  readonly asked: LogRequest;
  readonly view: LogView;
  readonly answer: AnswerOptions;
}

/** Answers the requests of `serveLog`. */
export class LogServer {
  readonly #store: EventStore;
  readonly #options: LogServerOptions;
  readonly #lives: LiveLogs;
  readonly #reads = new Semaphore(mostReads);
  readonly #closed = new AbortController();

  constructor(store: EventStore, options: LogServerOptions) {
    this.#store = store;
    this.#options = options;
    const { heartbeatMs, connectionMs, onError } = options;
    this.#lives = new LiveLogs(Math.max(1, Math.min(mostLookMs, heartbeatMs / 4, connectionMs / 4)), onError);
  }

  async answer(request: Request): Promise<Response> {
    try {
      return await this.#answer(request);
    } catch (error) {
      const response = problemResponse(error);
      if (response.status >= 500) this.#options.onError(error);
      return response;
    }
  }

  close(): void {
    this.#closed.abort();
    this.#lives.end();
  }

  async #answer(request: Request): Promise<Response> {
    if (this.#closed.signal.aborted) throw new StoreClosedError();
    const target = targetOf(request, this.#options.path);
    if (request.method !== "GET" && request.method !== "HEAD") {
      const refused = problemResponse(new RequestRefusedError(405, "This can only be read."));
      refused.headers.set("allow", "GET, HEAD");
      return refused;
    }
    const access: unknown = await this.#options.authorize(request, target);
    if (access instanceof Response) return access;
    const { tenant, filter } = checkAccess(access);
    const asked = logRequest(request, target);
    const own = target.streamId === undefined ? filter : withinStream(filter, target.streamId);
    if (target.streamId !== undefined && own === undefined) throw notFound();
    const key = JSON.stringify([tenant ?? null, target.streamId ?? null, own ?? null]);
    const { represent, pageEvents, pageBytes, caching } = this.#options;
    const view = new LogView({
      store: tenant === undefined ? this.#store : this.#store.forTenant(tenant),
      filter: own,
      streamId: target.streamId,
      represent,
      pageEvents,
      pageBytes,
      reads: this.#reads,
    });
    const answer = { key, caching, cursor: asked.cursor, ifNoneMatch: request.headers.get("if-none-match") };
    const reading = { request, asked, view, answer };
    if (asked.head) return new Response(null, { headers: tailHeaders(await tailOf(view)) });
    return asked.live === undefined ? await this.#page(reading) : await this.#live(reading, asked.live);
  }

  async #page({ asked: { start }, view, answer }: Reading): Promise<Response> {
    if (start === "now") return new Response("[]", { headers: { ...tailHeaders(await tailOf(view)), "stream-cursor": cursorAfter(answer.cursor) } });
    const page = await view.page(start);
    if (page.end === start) await tailOf(view);
    return pageAnswer(page, page.complete, answer);
  }

  async #live(reading: Reading, kind: "long-poll" | "sse"): Promise<Response> {
    // While the application said what may be read.
    if (this.#closed.signal.aborted) throw new StoreClosedError();
    if (this.#lives.readers >= this.#options.maxReaders) throw new RequestRefusedError(503, "There are as many readers as there may be. Try again later.");
    const lease = this.#lives.lease(reading.answer.key, () => reading.view);
    // By an event stream, until that ends.
    let held = false;
    try {
      await lease.live.started;
      const { view } = lease.live;
      const { start } = reading.asked;
      const place = start === "now" ? await tailOf(view) : start;
      const first = lease.live.joins(place) ? undefined : await view.page(place);
      // Of a stream that is not there, nothing is waited for.
      const empty = place === 0 && (first ? first.end === 0 : lease.live.after(0)?.length === 0);
      if (empty) await tailOf(view);
      if (kind === "sse") {
        held = true;
        return this.#eventStream(reading, lease, place, first);
      }
      return await this.#longPoll(reading, lease.live, place, first);
    } finally {
      if (!held) lease.release();
    }
  }

  #eventStream({ asked: { cursor } }: Reading, { live, release }: Lease, place: number, first: Page | undefined): Response {
    const { heartbeatMs, connectionMs, onError } = this.#options;
    const onEnd = (error: unknown): void => {
      release();
      if (error !== undefined) onError(error);
    };
    const reader = new LiveReader({ live, place, first, cursor, heartbeatMs, connectionMs, onEnd });
    return new Response(eventStream(reader), { headers: eventStreamHeaders() });
  }

  async #longPoll({ request, asked, view, answer }: Reading, live: LiveLog, place: number, first: Page | undefined): Promise<Response> {
    const until = performance.now() + this.#options.longPollMs;
    let page = first;
    while (page && page.items.length === 0) {
      place = page.end;
      // What follows an incomplete page comes from no subscription that began after it.
      if (page.complete && live.joins(place, page.mark)) page = undefined;
      // Of many events that the client may not see, it must hear how far they go, or it would begin again.
      else if (performance.now() >= until || live.over || request.signal.aborted) break;
      else page = await view.page(place);
    }
    if (page) return pageAnswer(page, page.complete, answer);
    const frames = await framesAfter(live, place, until, request.signal);
    // Between two looks more came than is remembered.
    if (!frames) {
      const behind = await view.page(place);
      return pageAnswer(behind, behind.complete, answer);
    }
    const last = frames.at(-1);
    if (last) return pageAnswer({ after: place, end: last.end, items: frames.flatMap(({ items }) => items) }, true, answer);
    if (this.#closed.signal.aborted) throw new StoreClosedError();
    return new Response(null, { status: 204, headers: { ...tailHeaders(place), "stream-cursor": cursorAfter(asked.cursor) } });
  }
}

/** The first frames behind a place, or none in time. */
async function framesAfter(live: LiveLog, place: number, until: number, signal: AbortSignal): Promise<readonly Frame[] | undefined> {
  for (;;) {
    const frames = live.after(place);
    const leftMs = until - performance.now();
    if (frames?.length !== 0 || leftMs <= 0 || live.over || signal.aborted) return frames;
    await live.news(leftMs, signal);
  }
}

/** The end of what there is. */
async function tailOf(view: LogView): Promise<number> {
  const tail = await view.tail();
  if (tail === undefined) throw notFound();
  return tail;
}
