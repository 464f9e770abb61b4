import type { JSX } from "preact";
import { count, estimate } from "./format.ts";

interface Bar {
  readonly name: string;
  readonly count: number;
  readonly estimated: boolean;
}

const height = 72;

/** Events by day, as a plot and as a table for those who do not see it. */
export function DayBars({ days }: { readonly days: readonly Bar[] }): JSX.Element {
  const most = Math.max(1, ...days.map((day) => day.count));
  const width = 10;
  return (
    <figure class="bars">
      <svg viewBox={`0 0 ${days.length * width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {days.map((day, index) => {
          const tall = day.count === 0 ? 1 : Math.max(2, (day.count / most) * height);
          return (
            <rect key={day.name} class={day.count === 0 ? "none" : ""} x={index * width + 1} y={height - tall} width={width - 2} height={tall} rx="1">
              <title>{`${day.name}: ${estimate(day)}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption>
        <span>{days.at(0)?.name}</span>
        <span>most on a day: {count(most)}</span>
        <span>{days.at(-1)?.name}</span>
      </figcaption>
      <table class="only-read">
        <caption>Events by day</caption>
        <tbody>
          {days.map((day) => (
            <tr key={day.name}>
              <th scope="row">{day.name}</th>
              <td>{estimate(day)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
