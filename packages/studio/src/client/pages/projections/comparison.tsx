import type { JSX } from "preact";
import { changesBetween } from "../../../wire/difference.ts";
import { exactJson, type Json } from "../../../wire/exact-json.ts";
import type { DifferenceLine, ProjectionCheckReport } from "../../../wire/projection-reports.ts";
import { ChangeTable } from "../../parts/change-table.tsx";
import { Command } from "../../parts/copy.tsx";
import { counted } from "../../parts/format.ts";
import { Failure, Loading } from "../../parts/notice.tsx";
import { apiOf } from "../../state/ask.ts";
import { useReport } from "../../state/use-report.ts";

/** Some documents beside what the log makes of them. */
export function Comparison({ name, version }: { readonly name: string; readonly version: number }): JSX.Element {
  const { report, problem, again, loading } = useReport<ProjectionCheckReport>(apiOf("projection-check", { name, version }));
  return (
    <div class="comparison" aria-live="polite">
      <h3>Documents of version {version} beside a fold of the log</h3>
      {loading && <Loading />}
      {problem && <Failure problem={problem} again={again} />}
      {report?.kind === "unknown" && (
        <>
          <p class="explain">{report.detail}</p>
          <Command text="npx tidemark projections check --help" />
        </>
      )}
      {report?.kind === "checked" && (
        <>
          <p class="explain">
            {counted(report.compared, "document")} of about {counted(report.documents, "document")} compared:{" "}
            {report.different === 0 ? "all are" : "not all are"} what the log makes of them.
          </p>
          {report.differences.map((difference) => (
            <Difference key={difference.id} difference={difference} />
          ))}
          {report.different > report.differences.length && (
            <p class="explain">and {counted(report.different - report.differences.length, "other")}, which are not shown</p>
          )}
        </>
      )}
    </div>
  );
}

function Difference({ difference: { id, stored, folded } }: { readonly difference: DifferenceLine }): JSX.Element {
  const json = (text: string | null): Json | undefined => (text === null ? undefined : exactJson(text));
  return (
    <>
      <h3 class="name">{id}</h3>
      <p class="explain">Before: as it is stored. After: as the log makes it.</p>
      <ChangeTable changes={changesBetween(json(stored), json(folded))} />
    </>
  );
}
