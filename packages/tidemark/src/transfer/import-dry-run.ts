import { nullableList } from "../database/nullable-list.ts";
import type { BatchValues } from "./import-batch.ts";
import type { ImportEvent } from "./import-event.ts";
import type { GroupWriter, Written } from "./import-writer.ts";
import type { ImportedEvents } from "./imported-events.ts";

/**
 * Takes the groups of an import and writes nothing: it only says what a write would do. What PostgreSQL itself would refuse is not found, and
 * of an id that comes twice in the file, far apart, both count as new.
 */
export class ImportDryRun implements GroupWriter {
  readonly #imported: ImportedEvents | undefined;
  readonly #keepPositions: boolean;

  /** @param imported - Undefined: there is no store yet, so all would be written. */
  constructor(imported: ImportedEvents | undefined, keepPositions: boolean) {
    this.#imported = imported;
    this.#keepPositions = keepPositions;
  }

  async write(events: readonly ImportEvent[], encoded: BatchValues): Promise<Written> {
    const positions = this.#keepPositions ? nullableList(events.map(({ position }) => position)) : null;
    const looked = await this.#imported?.lookUp(events, encoded, positions);
    const { fresh, found, bad } = looked ?? { fresh: events, found: [], bad: [] };
    return { written: fresh.length, repeated: found.length, renumbered: 0, bad, last: undefined };
  }
}
