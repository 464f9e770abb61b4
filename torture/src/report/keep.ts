import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { promisify } from "node:util";

export interface Kept {
  readonly title: string;
  /** What the program printed, without its progress. */
  readonly lines: readonly string[];
  /** Of the lines, not of Markdown. Default: text. */
  readonly form?: "text" | "markdown";
  /** How the program is started, before its options. Default: torture's. */
  readonly program?: string;
}

/** Writes a report that says by itself what was run, on what and when. Does nothing without a file. */
export async function keepReport(file: string | undefined, { title, lines, form = "text", program = "npm run torture --" }: Kept): Promise<void> {
  if (file === undefined) return;
  const now = new Date();
  const date = now.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  const [load = 0] = loadavg();
  const head = [
    `# ${title}`,
    "",
    `\`${commandOf(program, process.argv.slice(2))}\``,
    "",
    `Ended on ${date} at ${now.toISOString().slice(11, 16)} UTC; commit ${await commitNow()}, Node.js ${process.version}, ${availableParallelism()} cores,`,
    `with a load of ${load.toFixed(1)} in the last minute.`,
    "",
  ];
  const body = form === "markdown" ? lines : ["```", ...lines, "```"];
  await writeFile(file, `${[...head, ...body].join("\n")}\n`);
}

/** Without where files went, which is about one machine. */
function commandOf(program: string, args: readonly string[]): string {
  const told = args.filter((arg, index) => !isPath(arg) && !isPath(args[index - 1]));
  return [program, ...told.map((arg) => (arg.includes(" ") ? `"${arg}"` : arg))].join(" ");
}

function isPath(arg: string | undefined): boolean {
  return arg === "--report" || arg === "--folder";
}

/** Of the code that ran, and whether anything else was there: earlier reports, which are replaced here, do not count. */
export async function commitNow(): Promise<string> {
  const git = async (...args: string[]): Promise<string> => (await promisify(execFile)("git", args, { cwd: import.meta.dirname })).stdout.trim();
  try {
    return `${await git("rev-parse", "--short=10", "HEAD")}${(await git("status", "--porcelain", "--", ":/", ":(top,exclude)docs/proof")) === "" ? "" : " with changes"}`;
  } catch {
    return "unknown";
  }
}
