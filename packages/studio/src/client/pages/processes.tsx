import type { JSX } from "preact";
import type { InstanceLine, ProcessesPage, ProcessVersionLine } from "../../wire/process-reports.ts";
import { processesQuestion } from "../../wire/questions.ts";
import { count } from "../parts/format.ts";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Pager } from "../parts/pager.tsx";
import { Status } from "../parts/status.tsx";
import { Time } from "../parts/time.tsx";
import { addressOf } from "../state/ask.ts";
import { amend, hrefOf, query } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";
import { Timers } from "./processes/timers.tsx";

const statuses = ["", "running", "parked", "completed", "cancelled"];

/** Instances of processes by status, the versions that run them, and the timers of this store. */
export function Processes(): JSX.Element {
  const status = query.value.get("status") ?? "";
  const name = query.value.get("name") ?? "";
  const { report, problem, loading, again } = useReport<ProcessesPage>(addressOf(processesQuestion(query.value)), { everyMs: 5_000 });
  return (
    <>
      <h1>Processes and timers</h1>
      <div class="toolbar">
        <div class="choice" role="group" aria-label="Status">
          {statuses.map((one) => (
            <button key={one} type="button" aria-pressed={one === status} onClick={() => amend({ status: one, after: undefined })}>
              {one === "" ? "all" : one}
            </button>
          ))}
        </div>
        <form
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            const wanted = new FormData(event.currentTarget).get("name");
            amend({ name: typeof wanted === "string" ? wanted : undefined, after: undefined });
          }}
        >
          <label class="inline">
            Process <input name="name" type="search" data-search="" autocomplete="off" spellcheck={false} placeholder="any" key={name} defaultValue={name} />
          </label>
        </form>
      </div>
      {problem && <Failure problem={problem} again={again} />}
      {loading && <Loading />}
      {report && report.instances.length > 0 && <Instances instances={report.instances} />}
      {report?.instances.length === 0 && <Nothing filtered={status !== "" || name !== ""} />}
      <Pager of="instances" next={report?.next} />
      {report && report.versions.length > 0 && <Versions versions={report.versions} />}
      <Timers />
    </>
  );
}

function Nothing({ filtered }: { readonly filtered: boolean }): JSX.Element {
  return filtered ? (
    <Empty title="No instance fits">
      <p>
        <Link href={hrefOf("/processes")}>Show all instances</Link>
      </p>
    </Empty>
  ) : (
    <Empty title="No instances yet">
      <p>
        An instance begins with its first input, once a worker runs the process: see <code>defineProcess</code>.
      </p>
    </Empty>
  );
}

function Instances({ instances }: { readonly instances: readonly InstanceLine[] }): JSX.Element {
  return (
    <div class="panel flush scrolled">
      <table class="rows">
        <caption class="only-read">Instances, in the order in which they began</caption>
        <thead>
          <tr>
            <th scope="col">Instance</th>
            <th scope="col">Process</th>
            <th scope="col">Status</th>
            <th scope="col" class="right">
              Inputs
            </th>
            <th scope="col" class="right">
              Changed
            </th>
          </tr>
        </thead>
        <tbody>
          {instances.map(({ number, name, id, version, status, inputs, handled, error, updatedAt }) => (
            <tr key={number}>
              <th scope="row">
                <Link href={hrefOf("/process", { name, id })} class="name" row>
                  {id}
                </Link>
              </th>
              <td>
                <Link href={hrefOf("/processes", { name })} class="name plain">
                  {name}
                </Link>{" "}
                <span class="beside">version {count(version)}</span>
              </td>
              <td>
                <Status state={status} />
                {error !== null && <p class="why name">{error}</p>}
              </td>
              <td class="right">{handled === inputs ? count(inputs) : `${count(handled)} of ${count(inputs)}`}</td>
              <td class="right">
                <Time at={updatedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Versions({ versions }: { readonly versions: readonly ProcessVersionLine[] }): JSX.Element {
  return (
    <section class="panel" aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      <div class="scrolled" tabIndex={0} role="group" aria-label="Versions of processes">
        <table>
          <caption class="only-read">Versions of processes</caption>
          <thead>
            <tr>
              <th scope="col">Process</th>
              <th scope="col" class="right">
                Open
              </th>
              <th scope="col" class="right">
                Parked
              </th>
              <th scope="col" class="right">
                Commands to issue
              </th>
              <th scope="col" class="right">
                Workers
              </th>
            </tr>
          </thead>
          <tbody>
            {versions.map(({ name, version, open, parked, pending, workers, needed }) => (
              <tr key={`${name} ${version}`}>
                <th scope="row">
                  <span class="name">{name}</span> version {count(version)}
                  {needed && workers === 0 && <p class="why">No worker runs it, and it is needed.</p>}
                </th>
                <td class="right">{count(open)}</td>
                <td class="right">{count(parked)}</td>
                <td class="right">{count(pending)}</td>
                <td class="right">{count(workers)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
