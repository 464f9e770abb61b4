import type { JSX } from "preact";
import type { DoctorReport, OverviewReport, StatsReport } from "../../wire/reports.ts";
import { Command } from "../parts/copy.tsx";
import { count, counted } from "../parts/format.ts";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { apiOf } from "../state/ask.ts";
import { useReport } from "../state/use-report.ts";
import { Contents } from "./overview/contents.tsx";
import { Doctor } from "./overview/doctor.tsx";
import { Figures } from "./overview/figures.tsx";
import { Followers } from "./overview/followers.tsx";
import { Health } from "./overview/health.tsx";

/** How the store is: what happens, what is late, what is wrong and what to do. */
export function Overview(): JSX.Element {
  const { report, problem, again } = useReport<OverviewReport>(apiOf("overview"), { everyMs: 2_000 });
  const doctor = useReport<DoctorReport>(apiOf("doctor"), { everyMs: 60_000 });
  const stats = useReport<StatsReport>(apiOf("stats"));
  return (
    <>
      <h1>Overview</h1>
      {problem && <Failure problem={problem} again={again} />}
      {!report && !problem && <Loading />}
      {report && <Figures report={report} />}
      {report?.mark === 0 && (
        <Empty title="No events yet">
          <p>Append the first one, and it is here within two seconds.</p>
          <Command text={`npx tidemark append cart-1 --type ItemAdded --data '{"sku":"tea"}'`} />
        </Empty>
      )}
      {report && report.blockers.length > 0 && (
        <section class="panel" aria-labelledby="blockers">
          <h2 id="blockers">Holding the mark back</h2>
          <p class="explain">Readers of the whole log, consumers and projections get nothing above the mark until these transactions end.</p>
          <ul class="findings">
            {report.blockers.map(({ pid, transaction, application, query, heldForMs, events }) => (
              <li key={`${pid} ${transaction}`}>
                <strong>{pid === null ? `Prepared transaction ${transaction}` : `Process ${pid}`}</strong> <span class="name">{application}</span>, open for{" "}
                {count(Math.round(heldForMs / 1_000))} s; {counted(events, "event")} behind it
                {query !== "" && <pre class="json">{query}</pre>}
                {pid !== null && <Command text={`select pg_terminate_backend(${pid});`} />}
              </li>
            ))}
          </ul>
        </section>
      )}
      <div class="columns">
        <div>
          {doctor.problem && <Failure problem={doctor.problem} again={doctor.again} />}
          <Doctor report={doctor.report} />
          {report && <Health health={report.health} />}
        </div>
        <div>
          {report && <Followers followers={report.followers} />}
          {stats.problem && <Failure problem={stats.problem} again={stats.again} />}
          <Contents report={stats.report} />
        </div>
      </div>
    </>
  );
}
