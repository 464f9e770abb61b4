import type { JSX } from "preact";
import { moment } from "./format.ts";

export interface Point {
  readonly at: number;
  readonly value: number;
}

interface PlotProps {
  readonly points: readonly Point[];
  readonly label: string;
  /** A value as text. */
  readonly shown: (value: number) => string;
}

const [width, height] = [600, 90];

/** A value over time, as a line and as a table. */
export function Plot({ points, label, shown }: PlotProps): JSX.Element {
  const first = points[0]?.at ?? 0;
  const last = points.at(-1)?.at ?? first;
  const most = Math.max(1, ...points.map(({ value }) => value));
  const x = (at: number): number => (last === first ? width : ((at - first) / (last - first)) * width);
  const y = (value: number): number => height - 2 - (value / most) * (height - 4);
  return (
    <figure class="plot">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        <polyline points={points.map(({ at, value }) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ")} />
      </svg>
      <figcaption>
        <span>{label}</span>
        <span>most: {shown(most)}</span>
      </figcaption>
      <details>
        <summary>As a table</summary>
        <table>
          <caption class="only-read">{label}</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col" class="right">
                Value
              </th>
            </tr>
          </thead>
          <tbody>
            {points.slice(-30).map(({ at, value }) => (
              <tr key={at}>
                <th scope="row">{moment(at)}</th>
                <td class="right">{shown(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
