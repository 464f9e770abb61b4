import type { JSX } from "preact";
import type { LetterLine } from "../../../wire/dead-letters.ts";
import { count } from "../../parts/format.ts";
import { Link } from "../../parts/link.tsx";
import { Time } from "../../parts/time.tsx";
import { hrefOf } from "../../state/place.ts";

interface LetterTableProps {
  readonly kind: string;
  readonly consumer: string;
  readonly letters: readonly LetterLine[];
  readonly caption: string;
}

/** Letters by position, each with the way to it. */
export function LetterTable({ kind, consumer, letters, caption }: LetterTableProps): JSX.Element {
  return (
    <div class="scrolled">
      <table>
        <caption class="only-read">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">Stream</th>
            <th scope="col" class="right">
              Position
            </th>
            <th scope="col" class="right">
              Attempts
            </th>
            <th scope="col" class="right">
              Since
            </th>
          </tr>
        </thead>
        <tbody>
          {letters.map(({ position, type, streamId, attempts, retryRequested, parkedAt }) => (
            <tr key={position}>
              <th scope="row">
                <Link href={hrefOf("/dead-letter", { id: consumer, kind, position })} class="name" row>
                  {type}
                </Link>
                {retryRequested && <p class="why">a retry was asked for</p>}
              </th>
              <td class="name">{streamId}</td>
              <td class="right">{count(position)}</td>
              <td class="right">{count(attempts)}</td>
              <td class="right">
                <Time at={parkedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
