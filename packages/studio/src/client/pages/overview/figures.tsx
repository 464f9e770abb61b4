import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { OverviewReport } from "../../../wire/reports.ts";
import { ago, count, duration, moment, rate } from "../../parts/format.ts";
import { Status } from "../../parts/status.tsx";
import { now } from "../../state/clock.ts";

interface Sample {
  readonly at: number;
  readonly mark: number;
}

const windowMs = 60_000;

/** The five numbers to look at first. */
export function Figures({ report }: { readonly report: OverviewReport }): JSX.Element {
  const perSecond = useRate(report);
  const latest = report.followers.reduce((most, { lagMs }) => Math.max(most, lagMs), 0);
  const behind = report.followers.reduce((most, { lagEvents }) => Math.max(most, lagEvents), 0);
  return (
    <dl class="figures">
      <div>
        <dt>Health</dt>
        <dd>
          <Status state={report.health.status} />
        </dd>
        <dd class="beside">
          {report.health.checks.filter(({ status }) => status !== "ok").length} of {report.health.checks.length} checks complain
        </dd>
      </div>
      <div>
        <dt>Positions a second</dt>
        <dd>{perSecond === undefined ? "–" : rate(perSecond)}</dd>
        <dd class="beside">{perSecond === undefined ? "measuring…" : "over the last minute at most"}</dd>
      </div>
      <div>
        <dt>High-water mark</dt>
        <dd>{count(report.mark)}</dd>
        <dd class="beside">{report.blockers.length === 0 ? "nothing holds it back" : "held back, see below"}</dd>
      </div>
      <div>
        <dt>Newest event</dt>
        <dd>{report.newest === null ? "none" : ago(report.newest.recordedAt, now.value)}</dd>
        <dd class="beside">{report.newest !== null && moment(report.newest.recordedAt).replace(/\.\d{3}/, "")}</dd>
      </div>
      <div>
        <dt>Largest lag</dt>
        <dd>{report.followers.length === 0 ? "–" : duration(latest)}</dd>
        <dd class="beside">{report.followers.length === 0 ? "nothing follows the log" : `${count(behind)} positions`}</dd>
      </div>
    </dl>
  );
}

/** How fast the mark rises, by what this page has seen of it. Undefined until it has seen it twice. */
function useRate({ at, mark }: Sample): number | undefined {
  const samples = useRef<Sample[]>([]);
  const kept = samples.current;
  if (kept.at(-1)?.at !== at) kept.push({ at, mark });
  while (kept.length > 2 && at - (kept[0]?.at ?? at) > windowMs) kept.shift();
  const first = kept[0];
  if (!first || at - first.at < 1_000) return undefined;
  return Math.max(0, (mark - first.mark) / ((at - first.at) / 1_000));
}
