import type { Logger } from "../../src/model/logger.ts";

/** A logger that keeps what it is told: `info tidemark: …`. */
export function collect(): Logger & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  const keep =
    (level: string) =>
    (...args: unknown[]) => {
      lines.push(`${level} ${args.join(" ")}`);
    };
  return { lines, debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
}
