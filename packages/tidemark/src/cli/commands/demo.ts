import { type Command, InvalidArgumentError as InvalidOptionError } from "commander";
import { runShop } from "../demo/shop.ts";
import type { Terminal } from "../terminal.ts";

interface DemoFlags {
  readonly url?: string;
  readonly schema: string;
  readonly events: number;
  readonly studio?: boolean;
  readonly json?: boolean;
}

/** `tidemark demo` */
export function addDemo(program: Command, terminal: Terminal): void {
  program
    .command("demo")
    .description("A small shop: customers at the same time, a conflict and its resolution, a repeated payment, the log in order.")
    .option("--url <url>", "postgres://… or file:./folder; default: embedded, in memory. DATABASE_URL is not used: the demo writes")
    .option("--schema <name>", "PostgreSQL schema for the demo's events", "tidemark_demo")
    .option("--events <number>", "how many events to write, 100 to 1000000", eventCount, 5_000)
    .option("--studio", "then show the shop in the browser, with customers who go on, until Ctrl-C; needs @tidemark/studio")
    .option("--json", "print the statistics as one JSON document on stdout, errors too")
    .addHelpText("after", "\nExamples:\n  tidemark demo\n  tidemark demo --studio\n  tidemark demo --events 100000 --url postgres://app@localhost/shop")
    .action((flags: DemoFlags) => runShop(flags, terminal));
}

function eventCount(text: string): number {
  const count = Number(text);
  if (!/^\d{1,7}$/.test(text) || count < 100 || count > 1_000_000) throw new InvalidOptionError("It must be a whole number from 100 to 1000000.");
  return count;
}
