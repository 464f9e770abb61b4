import type { JSX } from "preact";
import type { FollowerLine } from "../../../wire/reports.ts";
import { count, duration } from "../../parts/format.ts";
import { Link } from "../../parts/link.tsx";
import { Status } from "../../parts/status.tsx";
import { hrefOf } from "../../state/place.ts";

/** Consumers, projections, processes and relays: the latest first. */
export function Followers({ followers }: { readonly followers: readonly FollowerLine[] }): JSX.Element {
  const latestFirst = followers.toSorted((a, b) => b.lagMs - a.lagMs || b.lagEvents - a.lagEvents || a.name.localeCompare(b.name));
  return (
    <section class="panel" aria-labelledby="followers">
      <h2 id="followers">Following the log</h2>
      {followers.length === 0 ? (
        <p class="explain">
          No consumer, projection, process or relay has followed this log yet. Define one, and run it with <code>npx tidemark worker</code>.
        </p>
      ) : (
        <div class="scrolled">
          <table>
            <caption class="only-read">Consumers, projections, processes and relays</caption>
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
                  Dead letters
                </th>
              </tr>
            </thead>
            <tbody>
              {latestFirst.map(({ kind, name, version, tenant, state, lagEvents, lagMs, deadLetters, error }) => (
                <tr key={`${kind} ${tenant} ${name} ${version}`}>
                  <th scope="row">
                    <Link href={hrefFor(kind, name, tenant)} class="name" row>
                      {name}
                    </Link>
                    <p class="why">
                      {kind}
                      {version !== null && ` version ${version}`}
                      {tenant !== "" && (
                        <>
                          {" of "}
                          <span class="name">{tenant}</span>
                        </>
                      )}
                    </p>
                    {error !== null && <p class="why name">{error}</p>}
                  </th>
                  <td>
                    <Status state={state} />
                  </td>
                  <td class="right">{count(lagEvents)}</td>
                  <td class="right">{lagMs === 0 ? "–" : duration(lagMs)}</td>
                  <td class="right">{deadLetters > 10_000 ? "> 10,000" : count(deadLetters)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** The page that shows one of this kind. */
function hrefFor(kind: FollowerLine["kind"], name: string, tenant: string): string {
  const of = tenant === "" ? {} : { tenant };
  if (kind === "projection") return hrefOf("/projections", of);
  return kind === "process" ? hrefOf("/processes", { name, ...of }) : hrefOf("/follower", { id: name, kind, ...of });
}
