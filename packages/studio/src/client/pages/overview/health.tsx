import type { JSX } from "preact";
import type { CheckLine, OverviewReport } from "../../../wire/reports.ts";
import { count } from "../../parts/format.ts";
import { Status } from "../../parts/status.tsx";

/** Each check: those that complain are open, the others at hand. */
export function Health({ health }: { readonly health: OverviewReport["health"] }): JSX.Element {
  const complaints = health.checks.filter(({ status }) => status !== "ok");
  const well = health.checks.filter(({ status }) => status === "ok");
  return (
    <section class="panel" aria-labelledby="health">
      <h2 id="health">
        Health <Status state={health.status} />
      </h2>
      {complaints.length > 0 && <Checks checks={complaints} caption="Checks that complain" />}
      <details open={complaints.length === 0}>
        <summary>{count(well.length)} checks are well</summary>
        <Checks checks={well} caption="Checks that are well" />
      </details>
    </section>
  );
}

function Checks({ checks, caption }: { readonly checks: readonly CheckLine[]; readonly caption: string }): JSX.Element {
  return (
    <div class="scrolled">
      <table>
        <caption class="only-read">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Check</th>
            <th scope="col">State</th>
            <th scope="col" class="right">
              Value
            </th>
            <th scope="col" class="right">
              Limit
            </th>
          </tr>
        </thead>
        <tbody>
          {checks.map(({ name, status, value, limit, advice }) => (
            <tr key={name}>
              <th scope="row">
                <span class="name">{name}</span>
                {advice !== null && <p class="why">{advice}</p>}
              </th>
              <td>
                <Status state={status} />
              </td>
              <td class="right">{shown(value)}</td>
              <td class="right">{shown(limit)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shown(value: number | string | null): string {
  return value === null ? "–" : typeof value === "number" ? count(value) : value;
}
