import { AssertionError } from "node:assert";
import { fileURLToPath } from "node:url";
import { checkBoolean } from "../arguments/checks.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { checkOptions } from "../arguments/options.ts";
import { DefinedEvents } from "../catalogue/defined-events.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import { golden } from "../transfer/golden/golden.ts";
import { problemText } from "../transfer/golden/golden-problem.ts";

/**
 * Options of `goldenEvents`.
 *
 * @example
 * ```ts
 * const options: GoldenEventsOptions = { update: process.env["UPDATE"] === "1" };
 * ```
 */
export interface GoldenEventsOptions {
  /**
   * Whether to write what today's code makes of each entry, in place of comparing it, and entries for examples that have none. Look at what has
   * changed before you commit it.
   *
   * @defaultValue false
   */
  readonly update?: boolean;
}

/** So many problems are told: a step that is wrong fails every entry. */
const toldProblems = 20;

/**
 * Reads the golden files of a folder with a catalogue, and fails if today's code makes something else of a stored event than it did when the
 * files were written. A golden file holds events of one type in every version, each with what it becomes: brought up to date, renamed,
 * several events, or none. `tidemark events golden` writes them, from the examples of your definitions and from real events.
 *
 * Fails also if a version, a retired type or an example has no entry, if an entry cannot be read, and if the catalogue does not know a type
 * that has a file.
 *
 * @param folder - A path, from the working directory if it is relative, or a `file:` URL. One file for each type.
 * @throws `AssertionError` — today's code reads an entry otherwise, or one is missing; with type, version, path, and both values.
 * @throws {@link InvalidArgumentError} — a file in the folder is no golden file.
 * @throws {@link TidemarkError} — with `update`: a file could not be written (`FILE`).
 *
 * @example
 * ```ts
 * import { join } from "node:path";
 * import { tmpdir } from "node:os";
 *
 * const events = defineEvents({ ItemAdded: { schema: event<{ sku: string }>(), examples: [{ sku: "tea" }] } });
 * const folder = join(tmpdir(), `golden-${process.pid}`);
 * await goldenEvents(events, folder, { update: true });
 * await goldenEvents(events, folder);
 * ```
 */
export async function goldenEvents(events: EventCatalogue, folder: string | URL, options: GoldenEventsOptions = {}): Promise<void> {
  if (!(events instanceof DefinedEvents))
    throw new InvalidArgumentError("events", `must be a catalogue made by defineEvents of this copy of tidemark, not ${describeValue(events)}`);
  const { update = false } = checkOptions(options, { update: checkBoolean });
  const path = checkFolder(folder);
  const { problems, entries } = await golden(events, path, { writes: update ? "all" : "nothing" });
  if (problems.length === 0) return;
  const told = problems.slice(0, toldProblems).map(problemText);
  const more = problems.length > told.length ? [`and ${problems.length - told.length} more`] : [];
  const remedy = update
    ? "Correct them by hand; the rest is written."
    : `If that is meant, write the files again: npx tidemark events golden --catalogue <file> --folder ${path} --update`;
  throw new AssertionError({
    message: [`${problems.length} of the golden events in ${path} (${entries} entries) are not as today's code reads them.`, ...told, ...more, remedy].join(
      "\n\n",
    ),
    operator: "goldenEvents",
    stackStartFn: goldenEvents,
  });
}

function checkFolder(folder: unknown): string {
  if (folder instanceof URL && folder.protocol === "file:") return fileURLToPath(folder);
  if (typeof folder === "string" && folder !== "") return folder;
  throw new InvalidArgumentError("folder", `must be the path of a folder or a file: URL, not ${describeValue(folder)}`);
}
