import type { JSX } from "preact";
import type { StatePage } from "../../wire/state-reports.ts";
import { stateQuestion } from "../../wire/questions.ts";
import { count } from "../parts/format.ts";
import { JsonView } from "../parts/json-view.tsx";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Time } from "../parts/time.tsx";
import { addressOf } from "../state/ask.ts";
import { useShortcuts } from "../state/keys.ts";
import { amend, hrefOf, query } from "../state/place.ts";
import { useReport } from "../state/use-report.ts";
import { StateAndChanges } from "./state/state-and-changes.tsx";

const followMs = 1_000;

/** The state of a stream at any version, and what the event of that version changed. */
export function StreamState({ streamId }: { readonly streamId: string }): JSX.Element {
  const follows = query.value.get("follow") === "yes";
  const { report, problem, loading, again } = useReport<StatePage>(addressOf(stateQuestion(query.value)), follows ? { everyMs: followMs, follows } : {});
  const version = report?.version ?? 0;
  const last = report?.stream.version ?? 0;
  const show = (next: number): void => amend({ version: Math.min(Math.max(next, 0), last), follow: undefined });
  const follow = (): void => amend({ follow: follows ? undefined : "yes", version: undefined });
  useShortcuts(
    [
      { keys: "p", what: "The version before", run: () => report && show(version - 1) },
      { keys: "n", what: "The version after", run: () => report && show(version + 1) },
      { keys: "f", what: "Follow the newest version, or stop", run: follow },
    ],
    [version, last, follows, report],
  );
  return (
    <>
      <p class="crumbs">
        <Link href={hrefOf("/streams")}>Streams</Link> /{" "}
        <Link href={hrefOf("/stream", { id: streamId, at: report ? version : undefined })} class="name">
          {streamId}
        </Link>
      </p>
      <h1>
        State of <span class="name">{streamId}</span>
      </h1>
      {problem?.report.status === 404 ? (
        <Empty title="There is no such stream">
          <p>A stream has a state once it has its first event.</p>
          <p>
            <Link href={hrefOf("/streams", { prefix: streamId.slice(0, 4) })}>Look for streams that begin alike</Link>
          </p>
        </Empty>
      ) : (
        problem && <Failure problem={problem} again={again} />
      )}
      {loading && <Loading />}
      {report && (
        <>
          <div class="toolbar">
            <button type="button" class="button" disabled={version === 0} onClick={() => show(version - 1)}>
              Before <kbd>p</kbd>
            </button>
            <button type="button" class="button" disabled={version >= last} onClick={() => show(version + 1)}>
              After <kbd>n</kbd>
            </button>
            <form
              onSubmit={(event) => {
                event.preventDefault();
                show(Number(new FormData(event.currentTarget).get("version")) || 0);
              }}
            >
              <label class="inline">
                Version <input name="version" inputMode="numeric" pattern="[0-9]*" size={7} data-search="" key={version} defaultValue={version} /> of{" "}
                {count(last)}
              </label>
            </form>
            <button type="button" class="button" aria-pressed={follows} onClick={follow}>
              {follows ? "Following" : "Follow"} <kbd>f</kbd>
            </button>
          </div>
          <StateAndChanges report={report} />
          {report.event && (
            <section class="panel" aria-labelledby="event">
              <h2 id="event">
                The event of version {count(version)}: <span class="name">{report.event.type}</span>
              </h2>
              <p class="facts">
                <span>
                  <Link href={hrefOf("/event", { id: report.event.id })}>Causes, copies and more</Link>
                </span>
                <span>
                  <Time at={report.event.recordedAt} />
                </span>
                {report.event.masked && <span>partly masked</span>}
              </p>
              <JsonView text={report.event.data} label="Data of the event" />
            </section>
          )}
        </>
      )}
    </>
  );
}
