import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ProjectionLine, ProjectionsReport } from "../../wire/projection-reports.ts";
import { count, duration, rate } from "../parts/format.ts";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Status } from "../parts/status.tsx";
import { Time } from "../parts/time.tsx";
import { apiOf } from "../state/ask.ts";
import { hrefOf } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";
import { Comparison } from "./projections/comparison.tsx";
import { RollBack, VersionChanges } from "./projections/changes.tsx";

/** Every version of every projection: which one serves, how far each is, and how a build goes. */
export function Projections(): JSX.Element {
  const { report, problem, again } = useReport<ProjectionsReport>(apiOf("projections"), { everyMs: 2_000 });
  const names = Map.groupBy(report?.projections ?? [], ({ name }) => name);
  return (
    <>
      <h1>Projections</h1>
      {problem && <Failure problem={problem} again={again} />}
      {!report && !problem && <Loading />}
      {report?.projections.length === 0 && (
        <Empty title="No projections yet">
          <p>
            A projection is known here once a store was opened with it, or a worker has run it: <code>openEventStore(url, {"{ projections: […] }"})</code>.
          </p>
        </Empty>
      )}
      {[...names].map(([name, versions]) => (
        <Projection key={name} name={name} versions={versions} done={again} />
      ))}
    </>
  );
}

interface ProjectionProps {
  readonly name: string;
  readonly versions: readonly ProjectionLine[];
  /** Called when a change was made. */
  readonly done: () => void;
}

function Projection({ name, versions, done }: ProjectionProps): JSX.Element {
  const [compared, setCompared] = useState<number>();
  const collection = versions.find(({ collection: one }) => one !== null)?.collection;
  return (
    <section class="panel" aria-label={name}>
      <h2>
        <span class="name">{name}</span>
        {collection != null && (
          <span class="beside">
            <Link href={hrefOf("/documents", { collection })} row>
              Documents
            </Link>
          </span>
        )}
      </h2>
      <RollBack name={name} versions={versions} done={done} />
      <div class="scrolled" tabIndex={0} role="group" aria-label={`Versions of ${name}`}>
        <table>
          <caption class="only-read">Versions of {name}</caption>
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">State</th>
              <th scope="col">Kind</th>
              <th scope="col" class="right">
                Behind
              </th>
              <th scope="col" class="right">
                Late
              </th>
              <th scope="col" class="right">
                Changed
              </th>
              <th scope="col">
                <span class="only-read">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {versions.toReversed().map((line) => (
              <tr key={line.version}>
                <th scope="row">
                  {count(line.version)} {line.serving && <Status state="live">serves</Status>}
                  {line.servedUntil !== null && !line.serving && (
                    <p class="why">
                      served until <Time at={line.servedUntil} />
                    </p>
                  )}
                </th>
                <td>
                  <Status state={line.state} />
                  {line.build && !line.serving && <Build build={line.build} />}
                  {line.error !== null && <p class="why name">{line.error}</p>}
                  {line.failingEvent !== null && (
                    <p class="why">
                      <Link href={hrefOf("/event", { id: line.failingEvent })}>The event that fails</Link>
                    </p>
                  )}
                </td>
                <td>{line.mode}</td>
                <td class="right">{count(line.lagEvents)}</td>
                <td class="right">{line.lagMs === 0 ? "–" : duration(line.lagMs)}</td>
                <td class="right">
                  <Time at={line.changedAt} />
                </td>
                <td class="right">
                  <VersionChanges line={line} done={done} />
                  {line.collection !== null && (
                    <button
                      type="button"
                      class="button small"
                      aria-label={`Compare with the log: version ${line.version} of ${name}`}
                      aria-pressed={compared === line.version}
                      onClick={() => setCompared(compared === line.version ? undefined : line.version)}
                    >
                      Compare with the log
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {compared !== undefined && <Comparison name={name} version={compared} />}
    </section>
  );
}

/** A build's progress, as a bar and in words. */
function Build({ build }: { readonly build: NonNullable<ProjectionLine["build"]> }): JSX.Element | null {
  const { state, swap, events, total, perSecond, remainingMs, startedAt, dependents } = build;
  if (state === "ready") return dependents > 0 || swap === "manual" ? <p class="why">built, and waits to be swapped in</p> : null;
  if (state === "failed") return <p class="why">its check found other documents than the log makes</p>;
  return (
    <div class="build">
      <progress max={total} value={events} aria-label="Progress of the build" />
      <p class="why">
        {state}: {count(events)} of {count(total)}, {rate(perSecond)} a second{remainingMs !== null && `, ${duration(remainingMs)} to go`}, began{" "}
        <Time at={startedAt} />
      </p>
    </div>
  );
}
