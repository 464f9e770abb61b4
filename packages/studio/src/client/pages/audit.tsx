import type { JSX } from "preact";
import type { AuditPage } from "../../wire/changes.ts";
import { JsonView } from "../parts/json-view.tsx";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Status } from "../parts/status.tsx";
import { Time } from "../parts/time.tsx";
import { apiOf } from "../state/ask.ts";
import { amend, hrefOf, query } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";

/** Everything that was changed through the studio, by whom, and how it ended. */
export function Audit(): JSX.Element {
  const before = query.value.get("before") ?? undefined;
  const { report, problem, loading, again } = useReport<AuditPage>(apiOf("audit", { before }));
  const next = report?.next ?? null;
  return (
    <>
      <h1>Audit</h1>
      {problem?.report.status === 403 ? (
        <Empty title="Only an admin may see this">
          <p>
            It lists what was changed here. <code>authorize</code>, or the option <code>role</code>, says who is an admin.
          </p>
        </Empty>
      ) : (
        problem && <Failure problem={problem} again={again} />
      )}
      {loading && <Loading />}
      {report?.entries.length === 0 && (
        <Empty title="Nothing was changed here">
          <p>
            What somebody pauses, resets, retries or discards stands here, with who it was. It is kept in the stream{" "}
            <Link href={hrefOf("/stream", { id: "tidemark.studio" })}>tidemark.studio</Link>.
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
              {report.entries.map(({ id, title, by, role, at, outcome, error, parameters }) => (
                <tr key={id}>
                  <th scope="row">
                    <details>
                      <summary class="name" data-row="">
                        {title}
                      </summary>
                      <JsonView text={parameters} label={`Parameters of: ${title}`} />
                    </details>
                    {error !== null && <p class="why name">{error}</p>}
                  </th>
                  <td>
                    <span class="name">{by ?? "–"}</span> <span class="beside">{role}</span>
                  </td>
                  <td>
                    <Status state={outcome === "made" ? "ok" : outcome === "failed" ? "failed" : "warning"}>{outcome}</Status>
                  </td>
                  <td class="right">
                    <Time at={at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {(before !== undefined || next !== null) && (
        <nav class="pager" aria-label="Pages of changes">
          <button type="button" class="button" disabled={before === undefined} onClick={() => amend({ before: undefined })}>
            Latest
          </button>
          <button type="button" class="button" disabled={next === null} onClick={() => amend({ before: next ?? undefined })}>
            Older
          </button>
        </nav>
      )}
    </>
  );
}
