import type { JSX } from "preact";
import type { EventLine } from "../../wire/reports.ts";
import type { TableLine, TenantLine, TenantsReport } from "../../wire/tenant-reports.ts";
import { bytes, count, estimate } from "../parts/format.ts";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Time } from "../parts/time.tsx";
import { apiOf } from "../state/ask.ts";
import { hrefOf } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";

/** Whose events the store holds, and what its tables take. */
export function Tenants(): JSX.Element {
  const { report, problem, again } = useReport<TenantsReport>(apiOf("tenants"));
  return (
    <>
      <h1>Tenants and tables</h1>
      {problem && <Failure problem={problem} again={again} />}
      {!report && !problem && <Loading />}
      {report && (
        <>
          {!report.all && (
            <Empty title="This studio shows one tenant">
              <p>
                A studio of the store itself lists all with <code>tenants: "all"</code>, and so does <code>npx tidemark studio</code> without{" "}
                <code>--tenant</code>.
              </p>
            </Empty>
          )}
          {report.all && report.tenants.length === 0 && (
            <Empty title="No tenants yet">
              <p>
                A tenant is here once an event of it is stored: <code>store.forTenant("acme").appendToStream(…)</code>.
              </p>
            </Empty>
          )}
          {report.tenants.length > 0 && <TenantTable tenants={report.tenants} looked={report.looked} />}
          <Log {...report} />
          <Tables tables={report.tables} />
        </>
      )}
    </>
  );
}

function TenantTable({ tenants, looked }: { readonly tenants: readonly TenantLine[]; readonly looked: number }): JSX.Element {
  return (
    <div class="panel flush scrolled" tabIndex={0} role="group" aria-label="Tenants">
      <table class="rows">
        <caption class="only-read">Tenants, those with the most events first</caption>
        <thead>
          <tr>
            <th scope="col">Tenant</th>
            <th scope="col" class="right">
              Events
            </th>
            <th scope="col" class="right">
              Of the log
            </th>
            <th scope="col" class="right">
              Newest event
            </th>
            <th scope="col">Pages</th>
          </tr>
        </thead>
        <tbody>
          {tenants.map(({ name, newest, bytes: size, ...events }) => (
            <tr key={name}>
              <th scope="row">
                <Link href={hrefOf("/", { tenant: name })} class="name" row>
                  {name === "" ? "the store itself" : name}
                </Link>
              </th>
              <td class="right">{estimate(events)}</td>
              <td class="right">≈ {bytes(size)}</td>
              <td class="right">{newest ? <Time at={newest.recordedAt} /> : `before the newest ${count(looked)}`}</td>
              <td>
                <Link href={hrefOf("/streams", { tenant: name })}>Streams</Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Log({ mark, oldest, newest, bytes: size }: TenantsReport): JSX.Element {
  return (
    <p class="facts">
      <span>High-water mark {count(mark)}</span>
      {oldest && <span>oldest event {whenOf(oldest)}</span>}
      {newest && <span>newest {whenOf(newest)}</span>}
      <span>{bytes(size)} on disk</span>
    </p>
  );
}

function whenOf({ position, recordedAt }: EventLine): JSX.Element {
  return (
    <>
      at position {count(position)}, <Time at={recordedAt} />
    </>
  );
}

function Tables({ tables }: { readonly tables: readonly TableLine[] }): JSX.Element {
  return (
    <div class="panel flush scrolled" tabIndex={0} role="group" aria-label="Tables">
      <table class="rows">
        <caption class="only-read">Tables of all tenants, the largest first</caption>
        <thead>
          <tr>
            <th scope="col">Table</th>
            <th scope="col" class="right">
              Rows
            </th>
            <th scope="col" class="right">
              Data
            </th>
            <th scope="col" class="right">
              Indexes
            </th>
          </tr>
        </thead>
        <tbody>
          {tables.map(({ name, rows, bytes: size, indexBytes }) => (
            <tr key={name}>
              <th scope="row" class="name">
                {name}
              </th>
              <td class="right">{rows === 0 ? "–" : `≈ ${count(rows)}`}</td>
              <td class="right">{bytes(size)}</td>
              <td class="right">{bytes(indexBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
