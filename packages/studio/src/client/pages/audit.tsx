import type { JSX } from "preact";
import type { AuditPage } from "../../wire/changes.ts";
import { auditQuestion } from "../../wire/questions.ts";
import { JsonView } from "../parts/json-view.tsx";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Pager } from "../parts/pager.tsx";
import { Status } from "../parts/status.tsx";
import { Time } from "../parts/time.tsx";
import { addressOf } from "../state/ask.ts";
import { hrefOf, query } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";

/** Everything that was changed in the running of the store, by whom, and how it ended. */
export function Audit(): JSX.Element {
  const [subject, actor] = ["subject", "actor"].map((name) => query.value.get(name) ?? undefined);
  const { report, problem, loading, again } = useReport<AuditPage>(addressOf(auditQuestion(query.value)));
  return (
    <>
      <h1>Audit</h1>
      {problem?.report.status === 403 ? (
        <Empty title="Only an admin may see this">
          <p>
            It lists who changed what. <code>authorize</code>, or the option <code>role</code>, says who is an admin.
          </p>
        </Empty>
      ) : (
        problem && <Failure problem={problem} again={again} />
      )}
      {loading && <Loading />}
      {(subject !== undefined || actor !== undefined) && (
        <p>
          Only {subject !== undefined && <span class="name">{subject}</span>} {actor !== undefined && <span class="name">by {actor}</span>}.{" "}
          <Link href={hrefOf("/audit")}>Show all</Link>
        </p>
      )}
      {report?.entries.length === 0 && (
        <Empty title="Nothing was changed">
          <p>
            What somebody pauses, resets, retries or discards stands here, with who it was: through the studio, by <code>tidemark</code>, or by an application
            that calls <code>store.audit</code>.
          </p>
        </Empty>
      )}
      {report && report.entries.length > 0 && (
        <div class="panel flush scrolled">
          <table class="rows">
            <caption class="only-read">Changes, the latest first</caption>
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">Who</th>
                <th scope="col">Outcome</th>
                <th scope="col" class="right">
                  When
                </th>
              </tr>
            </thead>
            <tbody>
              {report.entries.map(({ id, action, subject: of, actor: by, role, reason, begunAt, state, error, parameters }) => (
                <tr key={id}>
                  <th scope="row">
                    <details>
                      <summary class="name" data-row="">
                        {action} {of}
                      </summary>
                      <JsonView text={parameters} label={`Parameters of: ${action} ${of}`} />
                      <Link href={hrefOf("/audit", { subject: of })}>All changes of it</Link>
                    </details>
                    {reason !== null && <p class="beside name">{reason}</p>}
                    {error !== null && <p class="why name">{error}</p>}
                  </th>
                  <td>
                    {by === null ? (
                      "–"
                    ) : (
                      <Link href={hrefOf("/audit", { actor: by })}>
                        <span class="name">{by}</span>
                      </Link>
                    )}{" "}
                    <span class="beside">{role}</span>
                  </td>
                  <td>
                    <Status state={state === "done" ? "ok" : state === "failed" ? "failed" : "warning"}>{state}</Status>
                  </td>
                  <td class="right">
                    <Time at={begunAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Pager of="changes" next={report?.next} name="before" />
    </>
  );
}
