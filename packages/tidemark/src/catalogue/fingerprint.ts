import { createHash } from "node:crypto";
import type { EventShape, RetiredShape } from "./event-shape.ts";

/**
 * Differs where two catalogues read the same stored events differently, as far as definitions tell: type names, versions, stored paths,
 * retired names and what types become. The order of definitions does not count. The code of steps, codecs and schemas cannot be compared.
 */
export function fingerprintOf(shapes: ReadonlyMap<string, EventShape>, retired: ReadonlyMap<string, RetiredShape>): string {
  const written = [...shapes.values()].map(({ type, version, stored, becomes }) => [type, version, stored?.paths.toSorted() ?? [], [...becomes].toSorted()]);
  const gone = [...retired.values()].map(({ type, becomes }) => [type, becomes ? [...becomes].toSorted() : "any"]);
  const text = [...written, ...gone].map((entry) => JSON.stringify(entry)).toSorted();
  return createHash("sha256").update(text.join("\n")).digest("hex").slice(0, 32);
}
