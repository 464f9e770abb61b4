import { documentProjection, type DocumentProjection, type Projection } from "tidemark";
import { types } from "../history/content.ts";

type Mode = DocumentProjection<object>["mode"];

/** What the events of a stream come to, and which version made the document. */
interface Count {
  readonly events: number;
  readonly versions: number;
  readonly by: number;
}

/** Projections whose versions are built, swapped, rolled back and dropped while everything else goes on. */
export const rebuiltNames = { inline: "inline rebuilt", async: "async rebuilt" } as const satisfies Readonly<Record<"inline" | "async", string>>;
export const rebuiltVersions = [1, 2] as const;

/** What a version folds, in SQL: `s` is a stream, `e` an event of it. */
export const isRebuilt = `s.name ~ '^warm-.*[05]$' and e.type in (${types.map((type) => `'${type}'`).join(", ")})`;

function rebuilt(name: string, mode: Mode, version: number): Projection {
  return documentProjection<Count>({
    name,
    version,
    mode,
    collection: name,
    handles: types,
    filter: { categories: ["warm"] },
    // A fifth of the streams, or every append would write twice as many documents.
    documentId: ({ streamId }) => (/[05]$/.test(streamId) ? streamId : null),
    evolve: (document, { version: place }) => ({ events: (document?.events ?? 0) + 1, versions: (document?.versions ?? 0) + place, by: version }),
  });
}

const versions: Readonly<Record<number, readonly Projection[]>> = Object.fromEntries(
  rebuiltVersions.map((version) => [version, [rebuilt(rebuiltNames.inline, "inline", version), rebuilt(rebuiltNames.async, "async", version)]]),
);

/** What code knows that was deployed with the first version, or with both. */
export function rebuiltBy(newest: number): readonly Projection[] {
  return rebuiltVersions.filter((version) => version <= newest).flatMap((version) => versions[version] ?? []);
}

/** One of the workers is deployed late, and again and again its deployment is taken back: it knows no second version every other time. */
export function newestOf(worker: number, incarnation: number): number {
  return worker === 2 && incarnation % 2 === 1 ? 1 : 2;
}
