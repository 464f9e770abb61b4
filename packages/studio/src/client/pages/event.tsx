import type { JSX } from "preact";
import { changesBetween } from "../../wire/difference.ts";
import { exactJson } from "../../wire/exact-json.ts";
import type { EventPage } from "../../wire/reports.ts";
import { eventQuestion } from "../../wire/questions.ts";
import { ChangeTable } from "../parts/change-table.tsx";
import { count } from "../parts/format.ts";
import { JsonView } from "../parts/json-view.tsx";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Time } from "../parts/time.tsx";
import { addressOf } from "../state/ask.ts";
import { useShortcuts } from "../state/keys.ts";
import { go, hrefOf, query } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";
import { Causation } from "./event/causation.tsx";
import { Copies } from "./event/copies.tsx";
import { Tags } from "./stream/event-rows.tsx";

/** What the steps of the catalogue changed. */
function Upcast({ stored, decoded }: { readonly stored: string; readonly decoded: string }): JSX.Element | null {
  const changes = changesBetween(exactJson(stored), exactJson(decoded));
  if (changes.length === 0) return null;
  return (
    <>
      <h3>What it changes</h3>
      <ChangeTable changes={changes} />
    </>
  );
}

/** One event: what it says, where it comes from and what came of it. */
export function EventDetails(): JSX.Element {
  const { report, problem, loading, again } = useReport<EventPage>(addressOf(eventQuestion(query.value)));
  const open = (other: string | null | undefined): void => {
    if (other != null) go(hrefOf("/event", { id: other }));
  };
  useShortcuts(
    [
      { keys: "p", what: "The event before in its stream", run: () => open(report?.previous) },
      { keys: "n", what: "The event after in its stream", run: () => open(report?.next) },
    ],
    [report],
  );
  if (loading) return <Loading />;
  if (problem?.report.status === 404) {
    return (
      <>
        <h1>Event</h1>
        <Empty title="There is no such event">
          <p>Ids are UUIDs, as an event has it in the store of this tenant.</p>
          <p>
            <Link href={hrefOf("/streams")}>Find it by its stream</Link>
          </p>
        </Empty>
      </>
    );
  }
  if (!report) {
    return (
      <>
        <h1>Event</h1>
        {problem && <Failure problem={problem} again={again} />}
      </>
    );
  }
  const { event, decoded, causation, previous, next } = report;
  return (
    <>
      <p class="crumbs">
        <Link href={hrefOf("/streams")}>Streams</Link> /{" "}
        <Link href={hrefOf("/stream", { id: event.streamId, at: event.version })} class="name">
          {event.streamId}
        </Link>
      </p>
      <h1 class="name">{event.type}</h1>
      <p class="facts">
        <span>version {count(event.version)}</span>
        <span>position {count(event.position)}</span>
        <span>
          <Time at={event.recordedAt} />
        </span>
        <span>schema version {event.schemaVersion}</span>
        {event.tenant !== "" && (
          <span>
            tenant <span class="name">{event.tenant}</span>
          </span>
        )}
        <span class="code">{event.id}</span>
        {event.masked && <span>partly masked</span>}
        <span>
          <Link href={hrefOf("/state", { id: event.streamId, version: event.version })}>State at this version</Link>
        </span>
      </p>
      <div class="toolbar">
        <button type="button" class="button" disabled={previous === null} onClick={() => open(previous)}>
          Before <kbd>p</kbd>
        </button>
        <button type="button" class="button" disabled={next === null} onClick={() => open(next)}>
          After <kbd>n</kbd>
        </button>
        <Copies report={report} />
      </div>
      <div class="columns wide-first">
        <div>
          <section class="panel" aria-labelledby="data">
            <h2 id="data">Data</h2>
            <JsonView text={event.data} label="Data" />
            {event.tags.length > 0 && <Tags tags={event.tags} />}
          </section>
          {decoded !== null && (
            <section class="panel" aria-labelledby="decoded">
              <h2 id="decoded">As the application reads it</h2>
              {"error" in decoded ? (
                <p class="notice bad">{decoded.error}</p>
              ) : (
                <>
                  <p class="explain">
                    The catalogue brings it to schema version {decoded.schemaVersion}
                    {decoded.type !== event.type && (
                      <>
                        {" of "}
                        <span class="name">{decoded.type}</span>
                      </>
                    )}
                    .
                  </p>
                  <JsonView text={decoded.data} label="Data as the application reads it" />
                  {!event.masked && <Upcast stored={event.data} decoded={decoded.data} />}
                </>
              )}
            </section>
          )}
          {event.metadata !== "{}" && (
            <section class="panel" aria-labelledby="metadata">
              <h2 id="metadata">Metadata</h2>
              <JsonView text={event.metadata} label="Metadata" />
            </section>
          )}
        </div>
        <Causation event={event} causation={causation} />
      </div>
    </>
  );
}
