import type { JSX } from "preact";
import type { InstancePage } from "../../wire/process-reports.ts";
import { processQuestion } from "../../wire/questions.ts";
import { ChangeButton } from "../parts/change-dialog.tsx";
import { count } from "../parts/format.ts";
import { JsonView } from "../parts/json-view.tsx";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Status } from "../parts/status.tsx";
import { Time } from "../parts/time.tsx";
import { addressOf } from "../state/ask.ts";
import { hrefOf, query } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";
import { InstanceLineOfTime } from "./processes/line-of-time.tsx";

/** One instance of a process: its state, and what it was told and did, in order. */
export function ProcessInstance({ id }: { readonly id: string }): JSX.Element {
  const name = query.value.get("name") ?? "";
  const { report, problem, loading, again } = useReport<InstancePage>(addressOf(processQuestion(query.value)), { everyMs: 5_000 });
  return (
    <>
      <p class="crumbs">
        <Link href={hrefOf("/processes")}>Processes</Link> /{" "}
        <Link href={hrefOf("/processes", { name })} class="name">
          {name}
        </Link>
      </p>
      <h1 class="name">{id}</h1>
      {loading && <Loading />}
      {problem?.report.status === 404 ? (
        <Empty title="There is no such instance">
          <p>It begins with its first input.</p>
          <p>
            <Link href={hrefOf("/processes", { name })}>Show all instances of the process</Link>
          </p>
        </Empty>
      ) : (
        problem && <Failure problem={problem} again={again} />
      )}
      {report && <Details report={report} done={again} />}
    </>
  );
}

function Details({ report, done }: { readonly report: InstancePage; readonly done: () => void }): JSX.Element {
  const { instance, state, masked, timers } = report;
  const key = { name: instance.name, instance: instance.id };
  const isOver = instance.status === "completed" || instance.status === "cancelled";
  return (
    <>
      <p class="facts">
        <span>
          <Status state={instance.status} />
        </span>
        <span>version {count(instance.version)}</span>
        <span>
          began <Time at={instance.createdAt} />
        </span>
        <span>
          changed <Time at={instance.updatedAt} />
        </span>
        {instance.late > 0 && <span>{count(instance.late)} inputs after its end</span>}
      </p>
      {!isOver && (
        <div class="toolbar">
          <ChangeButton change="retry-process" parameters={key} label="Retry" done={done} />
          <ChangeButton change="cancel-process" parameters={key} label="End" done={done} />
        </div>
      )}
      {instance.error !== null && <p class="notice bad name">{instance.error}</p>}
      <div class="columns wide-first">
        <InstanceLineOfTime report={report} />
        <div>
          <section class="panel" aria-labelledby="state">
            <h2 id="state">State {masked && <span class="beside">partly masked</span>}</h2>
            <JsonView text={state} label="State of the instance" />
          </section>
          <section class="panel" aria-labelledby="waits">
            <h2 id="waits">Timers</h2>
            {timers.length === 0 ? (
              <p class="explain">It waits for no timer.</p>
            ) : (
              <ul class="shares">
                {timers.map(({ key, dueAt }) => (
                  <li key={key}>
                    <span class="name">{key}</span>
                    <span class="amount">
                      due <Time at={dueAt} />
                    </span>
                  </li>
                ))}
              </ul>
            )}
          </section>
        </div>
      </div>
    </>
  );
}
