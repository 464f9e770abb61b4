import type { JSX } from "preact";
import type { DeadLettersReport, LetterGroup } from "../../wire/dead-letters.ts";
import { deadLettersQuestion } from "../../wire/questions.ts";
import { ChangeButton } from "../parts/change-dialog.tsx";
import { count, counted } from "../parts/format.ts";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { addressOf } from "../state/ask.ts";
import { hrefOf, query } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";
import { LetterTable } from "./dead-letters/letter-table.tsx";

/** What consumers and relays gave up on, by why: the most first. */
export function DeadLetters(): JSX.Element {
  const { report, problem, loading, again } = useReport<DeadLettersReport>(addressOf(deadLettersQuestion(query.value)));
  const consumer = query.value.get("consumer") ?? "";
  return (
    <>
      <h1>Dead letters</h1>
      {problem && <Failure problem={problem} again={again} />}
      {loading && <Loading />}
      {report && (
        <div class="toolbar">
          <button type="button" class="button" onClick={again}>
            Look again
          </button>
          {report.more && <span class="beside">There are more: the first 1,000 are shown.</span>}
        </div>
      )}
      {consumer !== "" && (
        <p>
          Only <span class="name">{consumer}</span>. <Link href={hrefOf("/dead-letters")}>Show all</Link>
        </p>
      )}
      {report?.groups.length === 0 && (
        <Empty title="No dead letters">
          <p>An event that a consumer cannot handle, or a relay cannot publish, comes here once all attempts have failed.</p>
        </Empty>
      )}
      {report?.groups.map((group) => (
        <Group key={`${group.kind} ${group.consumer} ${group.cause} ${group.letters[0]?.state}`} group={group} done={again} />
      ))}
    </>
  );
}

function Group({ group, done }: { readonly group: LetterGroup; readonly done: () => void }): JSX.Element {
  const { kind, consumer, cause, code, count: letters, parked } = group;
  const isSkipped = group.letters[0]?.state === "skipped";
  return (
    <section class="panel" aria-label={`${consumer}: ${cause}`}>
      <h2 class="name">{cause === "" ? "No reason was given" : cause}</h2>
      <p class="explain">
        <span class="name">{consumer}</span>, {kind}
        {code !== null && (
          <>
            , <span class="code">{code}</span>
          </>
        )}
        : {counted(letters, isSkipped ? "skipped event" : "letter")}
        {parked > 0 && `, and ${count(parked)} parked behind them`}
      </p>
      <LetterTable kind={kind} consumer={consumer} letters={group.letters} caption={`Letters of ${consumer}`} />
      {!isSkipped && (
        <div class="toolbar">
          <ChangeButton change="retry-letters" parameters={{ kind, consumer, cause }} label={`Retry all ${count(letters)}`} done={done} />
          <ChangeButton change="discard-letters" parameters={{ kind, consumer, cause }} label={`Discard all ${count(letters)}`} done={done} />
        </div>
      )}
    </section>
  );
}
