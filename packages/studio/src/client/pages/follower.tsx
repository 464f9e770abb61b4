import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ChangeButton } from "../parts/change-dialog.tsx";
import { count, duration } from "../parts/format.ts";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Plot } from "../parts/plot.tsx";
import { Status } from "../parts/status.tsx";
import { Time } from "../parts/time.tsx";
import { hrefOf, query } from "../state/place.ts";
import { may } from "../state/session.ts";
import { Shards } from "./followers/shards.tsx";
import { drainMs, useFollowers } from "./followers/use-followers.ts";

/** One consumer or relay: its lag over time, its shards, and what can be done about it. */
export function Follower({ name }: { readonly name: string }): JSX.Element {
  const kind = query.value.get("kind") === "relay" ? "relay" : "consumer";
  const { report, problem, loading, again, samplesOf } = useFollowers();
  const follower = report?.followers.find((each) => each.kind === kind && each.name === name);
  const samples = samplesOf({ kind, name });
  const drain = drainMs(samples);
  return (
    <>
      <p class="crumbs">
        <Link href={hrefOf("/followers")}>Consumers and relays</Link>
      </p>
      <h1 class="name">{name}</h1>
      {problem && <Failure problem={problem} again={again} />}
      {loading && <Loading />}
      {report && !follower && (
        <Empty title={`There is no such ${kind}`}>
          <p>
            It is known once a worker with it was started. <Link href={hrefOf("/followers")}>Show all</Link>
          </p>
        </Empty>
      )}
      {follower && (
        <>
          <p class="facts">
            <span>
              {kind} <Status state={follower.state} />
            </span>
            <span>{count(follower.lagEvents)} positions behind</span>
            {follower.lagMs > 0 && <span>{duration(follower.lagMs)} late</span>}
            {drain !== undefined && drain > 0 && <span>drained in about {duration(drain)}</span>}
            {follower.pause && (
              <span>
                paused <Time at={follower.pause.at} />
                {follower.pause.by !== null && (
                  <>
                    {" by "}
                    <span class="name">{follower.pause.by}</span>
                  </>
                )}
                {follower.pause.reason !== null && <span class="name">: {follower.pause.reason}</span>}
              </span>
            )}
          </p>
          <Changes kind={kind} name={name} paused={follower.pause !== null} done={again} />
          <div class="columns">
            <section class="panel" aria-labelledby="lag">
              <h2 id="lag">Lag since this page was opened</h2>
              <Plot points={samples.map(({ at, lagEvents }) => ({ at, value: lagEvents }))} label="Positions behind" shown={count} />
              <Plot points={samples.map(({ at, lagMs }) => ({ at, value: lagMs }))} label="Late" shown={duration} />
            </section>
            <Shards shards={follower.shards} />
          </div>
        </>
      )}
    </>
  );
}

interface PositionFieldProps {
  readonly label: string;
  readonly value: string;
  /** What an empty one means. */
  readonly placeholder: string;
  readonly onInput: (value: string) => void;
}

function PositionField({ label, value, placeholder, onInput }: PositionFieldProps): JSX.Element {
  return (
    <label class="inline">
      {label}{" "}
      <input value={value} inputMode="numeric" pattern="[0-9]*" size={10} placeholder={placeholder} onInput={(event) => onInput(event.currentTarget.value)} />
    </label>
  );
}

interface ChangesProps {
  readonly kind: string;
  readonly name: string;
  readonly paused: boolean;
  readonly done: () => void;
}

function Changes({ kind, name, paused, done }: ChangesProps): JSX.Element {
  const [reason, setReason] = useState("");
  const [place, setPlace] = useState("");
  const [last, setLast] = useState("");
  const [after, until] = [place, last].map((text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined));
  const from = Math.max(1, after ?? 1);
  const replays = kind === "relay" && may("replay");
  return (
    <div class="toolbar">
      {may("pause") && (
        <label class="inline">
          Reason <input value={reason} maxLength={200} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
      )}
      <ChangeButton change={paused ? "resume" : "pause"} parameters={{ kind, name, reason }} label={paused ? "Resume" : "Pause"} done={done} />
      {(may("reset") || replays) && <PositionField label="Position" value={place} placeholder="the end" onInput={setPlace} />}
      <ChangeButton
        change="reset"
        parameters={{ kind, name, reason, ...(after === undefined ? { to: "end" } : { after }) }}
        label={after === undefined ? "Move to the end" : `Move to ${count(after)}`}
        done={done}
      />
      {replays && (
        <>
          <PositionField label="Until" value={last} placeholder="the mark" onInput={setLast} />
          <ChangeButton
            change="replay"
            parameters={{ name, from, reason, ...(until !== undefined && { until }) }}
            label={`Publish again from ${count(from)}${until === undefined ? "" : ` to ${count(until)}`}`}
            done={done}
          />
        </>
      )}
    </div>
  );
}
