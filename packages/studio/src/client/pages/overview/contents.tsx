import type { JSX } from "preact";
import type { StatsReport } from "../../../wire/reports.ts";
import { DayBars } from "../../parts/bars.tsx";
import { bytes, count, estimate } from "../../parts/format.ts";
import { Link } from "../../parts/link.tsx";
import { Loading } from "../../parts/notice.tsx";
import { hrefOf } from "../../state/place.ts";

const most = 8;

/** What the store holds. */
export function Contents({ report }: { readonly report: StatsReport | undefined }): JSX.Element {
  return (
    <section class="panel" aria-labelledby="contents">
      <h2 id="contents">
        What it holds{" "}
        {report && (
          <span class="beside">
            {estimate(report.events)} events{report.streams && ` in ${estimate(report.streams)} streams`}, {bytes(report.bytes)}
          </span>
        )}
      </h2>
      {!report && <Loading />}
      {report && report.events.count > 0 && (
        <>
          <DayBars days={report.days} />
          <div class="lists">
            <Shares title="Types" shares={report.types} hrefFor={(types) => hrefOf("/live", { types })} />
            <Shares title="Categories" shares={report.categories} hrefFor={(category) => hrefOf("/streams", { category })} />
          </div>
          <h3>Largest streams</h3>
          <ol class="shares">
            {report.largestStreams.slice(0, most).map(({ streamId, events, tenant }) => (
              <li key={`${tenant} ${streamId}`}>
                <Link href={hrefOf("/stream", { id: streamId, ...(tenant !== null && { tenant }) })} class="name" row>
                  {streamId}
                </Link>
                {tenant !== null && tenant !== "" && <span class="beside name"> {tenant}</span>}
                <span class="amount">{count(events)}</span>
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

interface SharesProps {
  readonly title: string;
  readonly shares: StatsReport["types"];
  readonly hrefFor: (name: string) => string;
}

function Shares({ title, shares, hrefFor }: SharesProps): JSX.Element {
  return (
    <div>
      <h3>{title}</h3>
      <ol class="shares">
        {shares.slice(0, most).map((share) => (
          <li key={share.name}>
            <Link href={hrefFor(share.name)} class="name" row>
              {share.name}
            </Link>
            <span class="amount">{estimate(share)}</span>
          </li>
        ))}
      </ol>
      {shares.length > most && <p class="why">and {count(shares.length - most)} more</p>}
    </div>
  );
}
