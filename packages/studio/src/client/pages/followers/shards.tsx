import type { JSX } from "preact";
import type { ShardLine } from "../../../wire/followers.ts";
import { count, duration } from "../../parts/format.ts";
import { Link } from "../../parts/link.tsx";
import { Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { hrefOf } from "../../state/place.ts";

/** Where each shard is, who works on it, and at what it stands. */
export function Shards({ shards }: { readonly shards: readonly ShardLine[] }): JSX.Element {
  return (
    <section class="panel" aria-labelledby="shards">
      <h2 id="shards">Shards</h2>
      {/* A reader who has no pointer must be able to scroll it. */}
      <div class="scrolled" tabIndex={0} role="group" aria-label="Shards">
        <table>
          <caption class="only-read">Shards</caption>
          <thead>
            <tr>
              <th scope="col">Shard</th>
              <th scope="col">State</th>
              <th scope="col" class="right">
                Position
              </th>
              <th scope="col" class="right">
                Behind
              </th>
              <th scope="col" class="right">
                Late
              </th>
            </tr>
          </thead>
          <tbody>
            {shards.map(({ shard, state, owner, position, lagEvents, lagMs, error, failing, attempt, retryAt }) => (
              <tr key={shard}>
                <th scope="row">
                  {shard}
                  {owner !== null && <p class="why name">{owner}</p>}
                  {error !== null && <p class="why name">{error}</p>}
                  {failing && (
                    <p class="why">
                      at <Link href={hrefOf("/event", { id: failing.id })}>position {count(failing.position)}</Link>
                      {attempt !== null && `, attempt ${attempt}`}
                      {retryAt !== null && (
                        <>
                          , next <Time at={retryAt} />
                        </>
                      )}
                    </p>
                  )}
                </th>
                <td>
                  <Status state={state} />
                </td>
                <td class="right">{count(position)}</td>
                <td class="right">{count(lagEvents)}</td>
                <td class="right">{lagMs === 0 ? "–" : duration(lagMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
