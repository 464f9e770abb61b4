import type { JSX } from "preact";
import { ChangeButton } from "../parts/change-dialog.tsx";
import { count, duration } from "../parts/format.ts";
import { Link } from "../parts/link.tsx";
import { Empty, Failure, Loading } from "../parts/notice.tsx";
import { Status } from "../parts/status.tsx";
import { hrefOf } from "../state/place.ts";
import { drainMs, useFollowers } from "./followers/use-followers.ts";

/** Consumers and relays: how far each is behind, and when it will not be any more. */
export function Followers(): JSX.Element {
  const { report, problem, loading, again, samplesOf } = useFollowers();
  return (
    <>
      <h1>Consumers and relays</h1>
      {problem && <Failure problem={problem} again={again} />}
      {loading && <Loading />}
      {report?.followers.length === 0 && (
        <Empty title="Nothing follows the log yet">
          <p>
            A consumer or relay is known once a worker with it was started. Define one, and run it with <code>npx tidemark worker</code>.
          </p>
        </Empty>
      )}
      {report && report.followers.length > 0 && (
        <div class="panel flush scrolled">
          <table class="rows">
            <caption class="only-read">Consumers and relays, by name</caption>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">State</th>
                <th scope="col" class="right">
                  Behind
                </th>
                <th scope="col" class="right">
                  Late
                </th>
                <th scope="col" class="right">
                  Drained in
                </th>
                <th scope="col" class="right">
                  Dead letters
                </th>
                <th scope="col">
                  <span class="only-read">Changes</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {report.followers.map((follower) => {
                const { kind, name, state, pause, lagEvents, lagMs, deadLetters } = follower;
                const drain = drainMs(samplesOf(follower));
                return (
                  <tr key={`${kind} ${name}`}>
                    <th scope="row">
                      <Link href={hrefOf("/follower", { id: name, kind })} class="name" row>
                        {name}
                      </Link>
                      <p class="why">{kind}</p>
                      {pause && <p class="why name">{[pause.by, pause.reason].filter(Boolean).join(": ")}</p>}
                    </th>
                    <td>
                      <Status state={state} />
                    </td>
                    <td class="right">{count(lagEvents)}</td>
                    <td class="right">{lagMs === 0 ? "–" : duration(lagMs)}</td>
                    <td class="right">{drain === undefined || drain === 0 ? "–" : duration(drain)}</td>
                    <td class="right">{deadLetters === 0 ? "0" : <Link href={hrefOf("/dead-letters", { consumer: name })}>{count(deadLetters)}</Link>}</td>
                    <td class="right">
                      <ChangeButton change={pause ? "resume" : "pause"} parameters={{ kind, name }} label={pause ? "Resume" : "Pause"} done={again} small />
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
