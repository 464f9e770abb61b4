import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { StreamPage } from "../../wire/reports.ts";
import { streamPageSize, streamQuestion } from "../../wire/questions.ts";
import { count, counted } from "../parts/format.ts";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Time } from "../parts/time.tsx";
import { addressOf } from "../state/ask.ts";
import { useShortcuts } from "../state/keys.ts";
import { amend, hrefOf, query } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";
import { EventRows } from "./stream/event-rows.tsx";
import { useNewerEvents } from "./stream/use-newer-events.ts";

/** One stream: its events, the newest first or the oldest first, from any version on, and those that come. */
export function StreamEvents({ streamId }: { readonly streamId: string }): JSX.Element {
  const order = query.value.get("order") === "oldest" ? "oldest" : "newest";
  const at = Number(query.value.get("at")) || undefined;
  const follows = query.value.get("follow") === "yes";
  const isNewest = order === "newest";
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const { report, problem, loading, again } = useReport<StreamPage>(addressOf(streamQuestion(query.value)));
  const known = report?.stream.version ?? 0;
  const newer = useNewerEvents(streamId, follows && isNewest && report !== undefined ? known : undefined);
  const events = isNewest && follows ? [...newer.events, ...(report?.events ?? [])] : (report?.events ?? []);
  const version = Math.max(known, newer.events[0]?.version ?? 0);
  const allOpen = events.length > 0 && events.every(({ id }) => open.has(id));
  const openAll = (): void => setOpen(allOpen ? new Set() : new Set(events.map(({ id }) => id)));
  const low = Math.min(...events.map((event) => event.version));
  const high = Math.max(...events.map((event) => event.version));
  const newerPage = (): void => amend(isNewest ? { at: high + streamPageSize, follow: undefined } : { at: high + 1 });
  const olderPage = (): void => amend(isNewest ? { at: low - 1, follow: undefined } : { at: Math.max(1, low - streamPageSize) });
  const follow = (): void => amend({ follow: follows ? undefined : "yes", order: undefined, at: undefined });
  useShortcuts(
    [
      { keys: "e", what: "Open or close all events", run: openAll },
      { keys: "f", what: "Follow the stream, or stop", run: follow },
      { keys: "n", what: "Newer events", run: () => high < version && newerPage() },
      { keys: "p", what: "Older events", run: () => low > 1 && olderPage() },
    ],
    [allOpen, follows, events.length, low, high, version],
  );
  // What follows the newest begins at the newest.
  useEffect(() => {
    if (follows) again();
  }, [follows]);

  return (
    <>
      <p class="crumbs">
        <Link href={hrefOf("/streams")}>Streams</Link>
      </p>
      <h1 class="name">{streamId}</h1>
      {report && (
        <p class="facts">
          <span>{counted(version, "event")}</span>
          <span>
            category{" "}
            <Link href={hrefOf("/streams", { category: report.stream.category })} class="name">
              {report.stream.category}
            </Link>
          </span>
          {report.stream.createdAt !== null && (
            <span>
              created <Time at={report.stream.createdAt} />
            </span>
          )}
          {report.stream.lastPosition !== null && <span>last position {count(report.stream.lastPosition)}</span>}
          <span>
            <Link href={hrefOf("/state", { id: streamId })}>State and its history</Link>
          </span>
        </p>
      )}
      {problem?.report.status === 404 ? (
        <Empty title="There is no such stream">
          <p>It begins with its first event. Names are exact: upper and lower case differ.</p>
          <p>
            <Link href={hrefOf("/streams", { prefix: streamId.slice(0, 4) })}>Look for streams that begin alike</Link>
          </p>
        </Empty>
      ) : (
        problem && <Failure problem={problem} again={again} />
      )}
      {loading && <Loading />}
      {report && (
        <div class="toolbar">
          <div class="choice" role="group" aria-label="Order">
            <button type="button" aria-pressed={isNewest} onClick={() => amend({ order: undefined, at: undefined })}>
              Newest first
            </button>
            <button type="button" aria-pressed={!isNewest} onClick={() => amend({ order: "oldest", at: undefined, follow: undefined })}>
              Oldest first
            </button>
          </div>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const wanted = new FormData(event.currentTarget).get("version");
              amend({ at: typeof wanted === "string" ? wanted : undefined, follow: undefined });
            }}
          >
            <label class="inline">
              Version{" "}
              <input name="version" inputMode="numeric" pattern="[0-9]*" size={7} data-search="" placeholder={String(version)} key={at} defaultValue={at} />
            </label>
          </form>
          <button type="button" class="button" aria-pressed={follows} onClick={follow}>
            {follows ? "Following" : "Follow"} <kbd>f</kbd>
          </button>
          <button type="button" class="button" aria-pressed={allOpen} onClick={openAll}>
            {allOpen ? "Close all" : "Open all"} <kbd>e</kbd>
          </button>
        </div>
      )}
      {newer.problem && <Failure problem={newer.problem} />}
      {newer.waiting > 0 && (
        <button type="button" class="newer" onClick={newer.show}>
          Show {counted(newer.waiting, "new event")}
        </button>
      )}
      {report && events.length === 0 && (
        <Empty title="No event from there">
          <p>
            Versions of this stream go from 1 to {count(version)}. <Link href={hrefOf("/stream", { id: streamId })}>Show the newest</Link>
          </p>
        </Empty>
      )}
      {events.length > 0 && (
        <EventRows
          events={events}
          open={open}
          toggle={(id) => setOpen((before) => (before.has(id) ? new Set([...before].filter((other) => other !== id)) : new Set([...before, id])))}
          onPointer={newer.hold}
        />
      )}
      {events.length > 0 && (low > 1 || high < version) && (
        <nav class="pager" aria-label="Pages of events">
          <button type="button" class="button" disabled={high >= version} onClick={newerPage}>
            Newer <kbd>n</kbd>
          </button>
          <span class="beside">
            versions {count(low)} to {count(high)} of {count(version)}
          </span>
          <button type="button" class="button" disabled={low <= 1} onClick={olderPage}>
            Older <kbd>p</kbd>
          </button>
        </nav>
      )}
    </>
  );
}
