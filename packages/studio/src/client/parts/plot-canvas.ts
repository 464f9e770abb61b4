import uPlot from "uplot";
import type { Point } from "./plot.tsx";

const height = 130;

export interface PlotCanvas {
  show(points: readonly Point[]): void;
  end(): void;
}

interface Drawn {
  /** A value as text. */
  readonly shown: (value: number) => string;
  /** A time as text, for the axis. */
  readonly timeShown: (at: number) => string;
  /** The index of the point under the pointer, undefined when there is none. */
  readonly onPointer: (index: number | undefined) => void;
}

/** Draws values over time into an element, as wide as the element is. Its style says in which colours. */
export function plotCanvas(element: HTMLElement, { shown, timeShown, onPointer }: Drawn): PlotCanvas {
  // Asked at each drawing: a canvas knows no variables of CSS, and the theme may have changed.
  const colours = getComputedStyle(element);
  const axis = { stroke: () => colours.color, grid: { stroke: () => colours.borderTopColor, width: 1 }, ticks: { show: false }, font: "11px system-ui" };
  const plot = new uPlot(
    {
      width: element.clientWidth,
      height,
      ms: 1,
      legend: { show: false },
      cursor: { y: false, drag: { setScale: false, x: false, y: false } },
      scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] } },
      axes: [
        { ...axis, values: (_plot, ats) => ats.map(timeShown), space: 90 },
        { ...axis, values: (_plot, values) => values.map((value) => (Number.isInteger(value) ? shown(value) : "")), size: 64 },
      ],
      series: [{}, { stroke: () => colours.stroke, fill: () => colours.fill, width: 2, points: { show: false } }],
      hooks: { setCursor: [({ cursor }) => onPointer(cursor.idx ?? undefined)] },
    },
    [[], []],
    element,
  );
  const sized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
  sized.observe(element);
  const redraw = (): void => plot.redraw();
  const themed = new MutationObserver(redraw);
  themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", redraw);
  return {
    show: (points) => plot.setData([points.map(({ at }) => at), points.map(({ value }) => value)]),
    end() {
      sized.disconnect();
      themed.disconnect();
      dark.removeEventListener("change", redraw);
      plot.destroy();
    },
  };
}
