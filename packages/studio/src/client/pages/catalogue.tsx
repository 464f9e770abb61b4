import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { CatalogueCheckReport, CatalogueReport, CheckedTypeLine } from "../../wire/catalogue-reports.ts";
import { Command } from "../parts/copy.tsx";
import { count, counted, estimate } from "../parts/format.ts";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Status } from "../parts/status.tsx";
import { apiOf } from "../state/ask.ts";
import { useShortcuts } from "../state/keys.ts";
import { hrefOf } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";

/** The types of events: how many there are, in which versions, and whether the application's catalogue reads them. */
export function Catalogue(): JSX.Element {
  const [checks, setChecks] = useState(false);
  const { report, problem, again } = useReport<CatalogueReport>(apiOf("catalogue"));
  const check = useReport<CatalogueCheckReport>(checks ? apiOf("catalogue-check") : null);
  useShortcuts([{ keys: "c", what: "Check what is stored", run: () => setChecks(true) }], []);
  return (
    <>
      <h1>Types of events</h1>
      {problem && <Failure problem={problem} again={again} />}
      {!report && !problem && <Loading />}
      {report?.types.length === 0 && (
        <Empty title="No events yet">
          <p>A type is here once an event of it is stored.</p>
          <Command text={`npx tidemark append cart-1 --type ItemAdded --data '{"sku":"tea"}'`} />
        </Empty>
      )}
      {report && report.types.length > 0 && (
        <>
          <div class="toolbar">
            <button type="button" class="button" disabled={checks && check.loading} onClick={() => (checks ? check.again() : setChecks(true))}>
              Check what is stored <kbd>c</kbd>
            </button>
            <span class="beside">reads up to 20 events of each version of each type with the catalogue, and looks at the type of every event</span>
          </div>
          {checks && <Checked {...check} />}
          <section class="panel" aria-labelledby="types">
            <h2 id="types">Stored</h2>
            <ul class="shares">
              {report.types.map((type) => (
                <li key={type.name}>
                  <Link href={hrefOf("/live", { types: type.name })} class="name" row>
                    {type.name}
                  </Link>
                  <span class="amount">{estimate(type)}</span>
                </li>
              ))}
            </ul>
          </section>
        </>
      )}
    </>
  );
}

function Checked({ report, problem, loading, again }: ReturnType<typeof useReport<CatalogueCheckReport>>): JSX.Element {
  return (
    <section class="panel" aria-labelledby="check" aria-live="polite">
      <h2 id="check">Read with the catalogue</h2>
      {loading && <Loading />}
      {problem && <Failure problem={problem} again={again} />}
      {report?.kind === "no-catalogue" && (
        <p class="explain">
          This store was opened without a catalogue. Name it as <code>events</code> in <code>tidemark.config.ts</code>.
        </p>
      )}
      {report?.kind === "checked" && (
        <>
          <p class="explain">
            {counted(report.checked, "event")} read up to position {count(report.position)}; the catalogue cannot handle {count(report.failed)} of them.
          </p>
          {report.examples.map((message) => (
            <p key={message} class="notice bad">
              {message}
            </p>
          ))}
          <Types types={report.types} />
        </>
      )}
    </section>
  );
}

function Types({ types }: { readonly types: readonly CheckedTypeLine[] }): JSX.Element {
  return (
    <div class="scrolled" tabIndex={0} role="group" aria-label="Versions of types">
      <table>
        <caption class="only-read">Versions of types, as they are stored</caption>
        <thead>
          <tr>
            <th scope="col">Type</th>
            <th scope="col" class="right">
              Version
            </th>
            <th scope="col" class="right">
              Stored
            </th>
            <th scope="col" class="right">
              Read
            </th>
            <th scope="col">Result</th>
          </tr>
        </thead>
        <tbody>
          {types.map(({ type, schemaVersion, count: stored, checked, failed, problems }) => (
            <tr key={`${type} ${schemaVersion}`}>
              <th scope="row" class="name">
                {type}
              </th>
              <td class="right">{count(schemaVersion)}</td>
              <td class="right">{count(stored)}</td>
              <td class="right">{count(checked)}</td>
              <td>
                <Status state={failed === 0 ? "ok" : "failed"}>{failed === 0 ? "read" : `${count(failed)} failed`}</Status>
                {problems.map(({ eventId, message }) => (
                  <p key={`${eventId} ${message}`} class="why name">
                    <Link href={hrefOf("/event", { id: eventId })}>Event</Link>: {message}
                  </p>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
