import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { clock, moment } from "./format.ts";
import { type PlotCanvas, plotCanvas } from "./plot-canvas.ts";

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

/** A value over time, as a plot and as a table. */
export function Plot({ points, label, shown }: PlotProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const canvas = useRef<PlotCanvas>(undefined);
  const [pointed, setPointed] = useState<number>();
  useEffect(() => {
    if (!element.current) return;
    canvas.current = plotCanvas(element.current, { shown, timeShown: clock, onPointer: setPointed });
    return () => canvas.current?.end();
  }, [shown]);
  useEffect(() => canvas.current?.show(points), [shown, points.at(-1)?.at]);
  const point = pointed === undefined ? undefined : points[pointed];
  return (
    <figure class="plot">
      <figcaption>
        <span>{label}</span>
        <span>{point ? `${shown(point.value)} at ${clock(point.at)}` : `most: ${shown(Math.max(0, ...points.map(({ value }) => value)))}`}</span>
      </figcaption>
      <div class="canvas" aria-hidden="true" ref={element} />
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
