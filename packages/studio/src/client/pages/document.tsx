import type { JSX } from "preact";
import type { DocumentReport } from "../../wire/projection-reports.ts";
import { documentQuestion } from "../../wire/questions.ts";
import { count, counted } from "../parts/format.ts";
import { JsonView } from "../parts/json-view.tsx";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Time } from "../parts/time.tsx";
import { addressOf } from "../state/ask.ts";
import { hrefOf, query } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";

/** One document, and the events of the stream that is named as it is. */
export function DocumentDetails({ id }: { readonly id: string }): JSX.Element {
  const collection = query.value.get("collection") ?? "";
  const { report, problem, loading, again } = useReport<DocumentReport>(addressOf(documentQuestion(query.value)));
  return (
    <>
      <p class="crumbs">
        <Link href={hrefOf("/documents")}>Documents</Link> /{" "}
        <Link href={hrefOf("/documents", { collection })} class="name">
          {collection}
        </Link>
      </p>
      <h1 class="name">{id}</h1>
      {loading && <Loading />}
      {problem?.report.status === 404 ? (
        <Empty title="There is no such document">
          <p>It may have been deleted, or no event has made it yet.</p>
          <p>
            <Link href={hrefOf("/documents", { collection })}>Show all documents of the collection</Link>
          </p>
        </Empty>
      ) : (
        problem && <Failure problem={problem} again={again} />
      )}
      {report && (
        <>
          <p class="facts">
            <span>written {counted(report.document.version, "time")}</span>
            {report.document.masked && <span>partly masked</span>}
          </p>
          <div class="columns wide-first">
            <section class="panel" aria-labelledby="content">
              <h2 id="content">Content</h2>
              <JsonView text={report.document.data} label="Content of the document" />
            </section>
            <section class="panel" aria-labelledby="history">
              <h2 id="history">History</h2>
              {report.stream === null ? (
                <p class="explain">No stream has the name of this document, so its events are those of several streams, or of one of another name.</p>
              ) : (
                <History streamId={id} stream={report.stream} />
              )}
            </section>
          </div>
        </>
      )}
    </>
  );
}

interface HistoryProps {
  readonly streamId: string;
  readonly stream: NonNullable<DocumentReport["stream"]>;
}

function History({ streamId, stream: { version, events } }: HistoryProps): JSX.Element {
  return (
    <>
      <p class="explain">
        {counted(version, "event")} of the stream{" "}
        <Link href={hrefOf("/stream", { id: streamId })} class="name">
          {streamId}
        </Link>
        , the newest first. <Link href={hrefOf("/state", { id: streamId })}>State by version</Link>
      </p>
      <ol class="shares">
        {events.map((event) => (
          <li key={event.id}>
            <span>
              {count(event.version)}{" "}
              <Link href={hrefOf("/event", { id: event.id })} class="name" row>
                {event.type}
              </Link>
            </span>
            <span class="amount">
              <Time at={event.recordedAt} />
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
