import type { JSX } from "preact";
import type { LetterPage } from "../../wire/dead-letters.ts";
import { deadLetterQuestion } from "../../wire/questions.ts";
import { ChangeButton } from "../parts/change-dialog.tsx";
import { count } from "../parts/format.ts";
import { JsonView } from "../parts/json-view.tsx";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Time } from "../parts/time.tsx";
import { addressOf } from "../state/ask.ts";
import { hrefOf, query } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";
import { LetterTable } from "./dead-letters/letter-table.tsx";

/** One letter: the event, why it failed, and what waits behind it. */
export function DeadLetter({ consumer }: { readonly consumer: string }): JSX.Element {
  const { report, problem, loading, again } = useReport<LetterPage>(addressOf(deadLetterQuestion(query.value)));
  const isGone = problem?.report.status === 404;
  return (
    <>
      <p class="crumbs">
        <Link href={hrefOf("/dead-letters")}>Dead letters</Link> / <span class="name">{consumer}</span>
      </p>
      <h1 class="name">{isGone || !report ? "Dead letter" : report.event.type}</h1>
      {isGone && (
        <Empty title="There is no such letter">
          <p>
            It was handled, discarded, or never there. <Link href={hrefOf("/dead-letters")}>Show all</Link>
          </p>
        </Empty>
      )}
      {problem && !isGone && <Failure problem={problem} again={again} />}
      {loading && <Loading />}
      {report && !isGone && <Letter report={report} done={again} />}
    </>
  );
}

function Letter({ report, done }: { readonly report: LetterPage; readonly done: () => void }): JSX.Element {
  const { kind, consumer, letter, event, error, decodeError, parked } = report;
  const key = { kind, consumer, position: letter.position };
  return (
    <>
      <p class="facts">
        <span>{letter.state}</span>
        <span>{count(letter.attempts)} attempts</span>
        <span>
          since <Time at={letter.parkedAt} />
        </span>
        <span>
          <Link href={hrefOf("/event", { id: event.id })}>position {count(letter.position)}</Link>
        </span>
        <span>
          <Link href={hrefOf("/stream", { id: event.streamId, at: event.version })} class="name">
            {event.streamId}
          </Link>
        </span>
        {letter.retryRequested && <span>a retry was asked for</span>}
        {event.masked && <span>partly masked</span>}
      </p>
      <div class="toolbar">
        <ChangeButton change="retry-letter" parameters={key} label="Retry" done={done} />
        <ChangeButton change="discard-letter" parameters={key} label="Discard" done={done} />
      </div>
      {decodeError !== null && <p class="notice bad name">{decodeError}</p>}
      <div class="columns wide-first">
        <div>
          <section class="panel" aria-labelledby="data">
            <h2 id="data">Data</h2>
            <JsonView text={event.data} label="Data" />
          </section>
        </div>
        <div>
          <section class="panel" aria-labelledby="why">
            <h2 id="why">Why it failed</h2>
            {error ? (
              <>
                <p class="name">{error.message}</p>
                {error.code !== null && <p class="code">{error.code}</p>}
                {error.stack !== null && (
                  <pre class="json" tabIndex={0} role="group" aria-label="Stack">
                    {error.stack}
                  </pre>
                )}
              </>
            ) : (
              <p class="explain">It did not: it waits behind a letter of its stream.</p>
            )}
          </section>
          {parked.length > 0 && (
            <section class="panel" aria-labelledby="parked">
              <h2 id="parked">Parked behind it</h2>
              <LetterTable kind={kind} consumer={consumer} letters={parked} caption="Letters parked behind it" />
            </section>
          )}
        </div>
      </div>
    </>
  );
}
