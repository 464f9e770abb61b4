import { stderr } from "node:process";

/** The current step, on a line that the next one overwrites; nothing where nobody watches. */
export function showProgress(text: string): void {
  if (stderr.isTTY) stderr.write(`\r\u001b[K${text.slice(0, stderr.columns - 1)}`);
}

export function clearProgress(): void {
  if (stderr.isTTY) stderr.write("\r\u001b[K");
}
