import type { Command } from "commander";
import type { RecordedEvent } from "../../model/event.ts";
import type { CausationTree, CausedEvent } from "../../read/causation.ts";
import { toEnvelope } from "../../transfer/envelope.ts";
import { given, wholeNumber } from "../flags.ts";
import { addShapeFlags, type ShapeFlags, shapeOptions } from "../shape-flags.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

interface WhyFlags {
  readonly depth?: number;
  readonly limit?: number;
}

const examples = `
Examples:
  tidemark why 0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78
  tidemark why 0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78 --json | jq -r '.causes[-1].type'`;

/** `tidemark why` */
export function addWhy(program: Command, terminal: Terminal): void {
  addShapeFlags(addStoreFlags(program.command("why")))
    .description("Show what caused an event, up to the root, and what it caused, as a tree. Needs the indexes causation: see tidemark indexes.")
    .argument("<id>", "the event's id")
    .option("--depth <number>", "the most levels up and down, 0 to 1,000; default: 100", wholeNumber)
    .option("--limit <number>", "the most effects, 0 to 10,000; default: 1,000", wholeNumber)
    .addHelpText("after", examples)
    .action((id: string, flags: StoreFlags & ShapeFlags & WhyFlags) => why(id, flags, terminal));
}

async function why(id: string, { depth, limit, ...flags }: StoreFlags & ShapeFlags & WhyFlags, terminal: Terminal): Promise<void> {
  const options = given({ depth, limit });
  const tree: CausationTree = await withStore(flags, terminal, (store) => store.readCausation(id, options), await shapeOptions(flags));
  if (flags.json) return terminal.printJson(treeDocument(tree));
  for (const line of treeLines(tree)) terminal.print(line);
  if (!tree.complete) terminal.say("There is more where … stands: raise --depth or --limit.");
}

function treeDocument({ causes, causesCut, complete, ...asked }: CausationTree): object {
  return { ...effectDocument(asked), causes: causes.map(toEnvelope), causesCut: causesCut ?? false, complete };
}

function effectDocument({ event, effects, cut }: CausedEvent): object {
  return { event: toEnvelope(event), effects: effects.map(effectDocument), cut: cut ?? false };
}

/** The root first, each event below its cause; `*` before the one that was asked for. */
function treeLines({ causes, causesCut, ...asked }: CausationTree): readonly string[] {
  const above = causes.toReversed().map((cause, level) => `${"  ".repeat(level)}  ${lineOf(cause)}`);
  return [...(causesCut ? ["  …"] : []), ...above, ...effectLines(asked, causes.length, "* ")];
}

function effectLines({ event, effects, cut }: CausedEvent, level: number, mark = "  "): readonly string[] {
  const indented = "  ".repeat(level);
  return [`${indented}${mark}${lineOf(event)}`, ...effects.flatMap((effect) => effectLines(effect, level + 1)), ...(cut ? [`${indented}    …`] : [])];
}

function lineOf({ type, streamId, version, recordedAt, id }: RecordedEvent): string {
  return `${type}  ${streamId} ${version}  ${recordedAt.toISOString()}  ${id}`;
}
