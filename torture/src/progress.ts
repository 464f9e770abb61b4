import { stderr } from "node:process";

/** The current step, on a line that the next one overwrites; a line each where nobody watches, at most one in ten seconds. */
export function createProgress(): (text: string) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (text) => {
    if (stderr.isTTY) stderr.write(`\r\u001b[K${text.slice(0, stderr.columns - 1)}`);
    else if (performance.now() - last > 10_000) {
      last = performance.now();
      stderr.write(`${text}\n`);
    }
  };
}
