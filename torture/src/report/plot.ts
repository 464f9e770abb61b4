import type { Tally } from "../check/tally.ts";
import type { RunRecord } from "../run/run.ts";

const width = 900;
const panel = 150;
const left = 60;
/** A bar each; of a longer run each is more than a second. */
const mostBars = 600;

/** Events acknowledged in each second, and the longest append that ended in it, with the faults behind them. */
export function timeline({ strikes }: RunRecord, { perSecond, from }: Tally): string {
  const seconds = Math.max(1, perSecond.length);
  const x = (second: number): number => left + (Math.min(Math.max(second, 0), seconds) / seconds) * (width - left - 10);
  const bands = strikes.map((strike) => {
    const [begin, end] = [x((strike.from - from) / 1e6), x((strike.until - from) / 1e6)];
    return `<rect x="${begin.toFixed(1)}" y="20" width="${Math.max(1, end - begin).toFixed(1)}" height="${2 * panel + 20}" fill="#c96f2c" opacity="0.18"><title>${strike.name}</title></rect>`;
  });
  const barSeconds = Math.ceil(seconds / mostBars);
  const series = (values: readonly number[], top: number, label: string, colour: string): string => {
    const most = Math.max(1, ...values);
    const bar = (value: number, index: number): string => {
      const height = (value / most) * (panel - 20);
      const barWidth = ((width - left - 10) * barSeconds) / seconds;
      return `<rect x="${x(index * barSeconds).toFixed(1)}" y="${(top + panel - height).toFixed(1)}" width="${Math.max(0.6, barWidth - 0.4).toFixed(1)}" height="${height.toFixed(1)}" fill="${colour}"/>`;
    };
    return `<text x="4" y="${top + 14}">${most.toLocaleString("en")}</text><text x="${left}" y="${top + 14}">${label}</text>${values.map(bar).join("")}`;
  };
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${2 * panel + 60}" font-size="12" fill="#1c2733">
${bands.join("\n")}
${series(
  inBars(perSecond, barSeconds, (bar) => Math.round(bar.reduce((sum, [acknowledged]) => sum + acknowledged, 0) / bar.length)),
  10,
  "events acknowledged a second; faults behind",
  "#0b6e75",
)}
${series(
  inBars(perSecond, barSeconds, (bar) => Math.max(...bar.map(([, longest]) => longest))),
  panel + 20,
  `longest append that ended in that ${barSeconds === 1 ? "second" : `time of ${barSeconds} s`}, ms`,
  "#5b6b7a",
)}
<text x="${left}" y="${2 * panel + 40}">0 s</text><text x="${width - 10}" y="${2 * panel + 40}" text-anchor="end">${seconds} s</text>
</svg>`;
}

function inBars(perSecond: Tally["perSecond"], barSeconds: number, valueOf: (bar: Tally["perSecond"]) => number): number[] {
  return Array.from({ length: Math.ceil(perSecond.length / barSeconds) }, (_, index) => valueOf(perSecond.slice(index * barSeconds, (index + 1) * barSeconds)));
}
