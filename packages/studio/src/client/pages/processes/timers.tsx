import type { JSX } from "preact";
import type { TimersPage } from "../../../wire/process-reports.ts";
import { timersQuestion } from "../../../wire/questions.ts";
import { Link } from "../../parts/link.tsx";
import { Failure, Loading } from "../../parts/notice.tsx";
import { Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { addressOf } from "../../state/ask.ts";
import { amend, hrefOf, query } from "../../state/place.ts";
import { useReport } from "../../state/use-report.ts";

/** What `store.schedule` set: the next ones first. */
export function Timers(): JSX.Element {
  const { report, problem, again } = useReport<TimersPage>(addressOf(timersQuestion(query.value)), { everyMs: 5_000 });
  const next = report?.next;
  const isFirst = !query.value.has("key");
  return (
    <section class="panel" aria-labelledby="timers">
      <h2 id="timers">Timers</h2>
      {problem && <Failure problem={problem} again={again} />}
      {!report && !problem && <Loading />}
      {report?.timers.length === 0 && (
        <p class="explain">
          None is set. <code>store.schedule</code> has an event appended when it is due; the timers of an instance stand on its page.
        </p>
      )}
      {report && report.timers.length > 0 && (
        <div class="scrolled" tabIndex={0} role="group" aria-label="Timers by due time">
          <table>
            <caption class="only-read">Timers, by due time</caption>
            <thead>
              <tr>
                <th scope="col">Key</th>
                <th scope="col">Event</th>
                <th scope="col">Repeats</th>
                <th scope="col" class="right">
                  Due
                </th>
              </tr>
            </thead>
            <tbody>
              {report.timers.map(({ key, type, streamId, cron, timeZone, dueAt, attempts, parked, error }) => (
                <tr key={key}>
                  <th scope="row" class="name">
                    {key}
                  </th>
                  <td>
                    <p>
                      <span class="name">{type}</span> to{" "}
                      <Link href={hrefOf("/stream", { id: streamId })} class="name" row>
                        {streamId}
                      </Link>
                    </p>
                    {attempts > 0 && (
                      <p class="why">
                        <Status state={parked ? "failed" : "retrying"}>{parked ? "given up" : `tried ${attempts} times`}</Status>{" "}
                        <span class="name">{error}</span>
                      </p>
                    )}
                  </td>
                  <td class="name">{cron === null ? "–" : `${cron}${timeZone === null ? "" : ` ${timeZone}`}`}</td>
                  <td class="right">
                    <Time at={dueAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {(!isFirst || next != null) && (
        <nav class="pager" aria-label="Pages of timers">
          <button type="button" class="button small" disabled={isFirst} onClick={() => amend({ due: undefined, key: undefined })}>
            First
          </button>
          <button type="button" class="button small" disabled={next == null} onClick={() => amend({ due: next?.dueAt, key: next?.key })}>
            More
          </button>
        </nav>
      )}
    </section>
  );
}
