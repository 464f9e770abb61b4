import type { Report } from "./report.ts";

const width = 860;
const labelWidth = 330;
const barWidth = 400;
const rowHeight = 18;

const colours: Readonly<Record<string, string>> = { Tidemark: "#0b6e75", Emmett: "#c96f2c" };

/** A bar for each contestant, as long as its rate beside the fastest of the same scenario. */
export function plot(report: Report): string {
  const shapes: string[] = [];
  let y = 10;
  function text(x: number, content: string, attributes = ""): void {
    shapes.push(`<text x="${x}" y="${y + 13}" ${attributes}>${escape(content)}</text>`);
  }
  for (const { number, title, unit, comparisons } of report.scenarios) {
    text(10, `${number}. ${title}, ${unit}`, 'font-weight="bold"');
    y += rowHeight + 4;
    const fastest = Math.max(...comparisons.flatMap(({ contestants }) => contestants.map(({ eventsPerSecond }) => eventsPerSecond)));
    for (const { label, contestants } of comparisons) {
      for (const [index, { name, eventsPerSecond }] of contestants.entries()) {
        if (index === 0) text(10, label);
        text(labelWidth - 8, name, 'text-anchor="end"');
        const length = Math.max(1, (barWidth * eventsPerSecond) / fastest);
        shapes.push(`<rect x="${labelWidth}" y="${y + 2}" width="${length.toFixed(1)}" height="${rowHeight - 4}" fill="${colours[name] ?? "#8a94a0"}"/>`);
        text(labelWidth + length + 6, Math.round(eventsPerSecond).toLocaleString("en"));
        y += rowHeight;
      }
      y += 6;
    }
    y += 14;
  }
  const style = 'font-family="system-ui, sans-serif" font-size="12" fill="#1c2733"';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" ${style}>
<rect width="100%" height="100%" fill="#ffffff"/>
${shapes.join("\n")}
</svg>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
