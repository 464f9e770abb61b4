import type { JSX } from "preact";
import type { DoctorReport } from "../../../wire/reports.ts";
import { Command } from "../../parts/copy.tsx";
import { Loading } from "../../parts/notice.tsx";
import { Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";

/** What is wrong with the database, the worst first, and how to mend it. */
export function Doctor({ report }: { readonly report: DoctorReport | undefined }): JSX.Element {
  return (
    <section class="panel" aria-labelledby="doctor">
      <h2 id="doctor">
        Doctor <span class="beside">{report && <Time at={report.at} />}</span>
      </h2>
      {!report && <Loading />}
      {report?.findings.length === 0 && <p class="explain">Nothing is wrong: tables, functions, privileges, settings, followers and room were looked at.</p>}
      <ul class="findings">
        {report?.findings.map(({ code, severity, what, why, mend }) => (
          <li key={`${code} ${what}`}>
            <p>
              <Status state={severity} /> <span class="code">{code}</span>
            </p>
            <p>
              <strong>{what}</strong> <span class="why">{why}</span>
            </p>
            <Command text={mend} />
          </li>
        ))}
      </ul>
    </section>
  );
}
