import pg from "pg";
import { isTidemarkError, type EventStore, type Projection, type ProjectionInfo } from "tidemark";
import type { Beginning } from "./databases.ts";
import { counts, type Mode, schema } from "./definitions.ts";

/** Something that one process does with versions of a projection, and breaks in the middle of. */
export interface Scenario {
  readonly name: string;
  readonly mode: Mode;
  readonly beginning: Beginning;
  /** What processes know that append before another process takes their place. */
  readonly known: readonly Projection[];
  /** The process is opened for it, so that its opening counts. */
  readonly opens: boolean;
  /** What the process does; undefined: it is enough that it runs. */
  readonly act?: (store: EventStore) => Promise<unknown>;
  /** What another process does afterwards, so that all is as it would be if nothing had broken. */
  readonly again?: (store: EventStore) => Promise<unknown>;
  /** How versions are once it is over. By version, whether it serves. */
  readonly outcome: Readonly<Record<number, boolean>>;
}

/** Every process of a case knows these in the end. */
export const both = (mode: Mode): readonly Projection[] => [counts(mode, 1), counts(mode, 2, "auto")];

async function unlessGone(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isTidemarkError(error, "NOT_FOUND")) throw error;
  });
}

const swap = (store: EventStore): Promise<ProjectionInfo> => store.projections.swap("counts", { version: 2 });
const rollBack = (store: EventStore): Promise<ProjectionInfo> => store.projections.rollBack("counts", { version: 1 });
const drop = (store: EventStore): Promise<void> => unlessGone(store.projections.drop("counts", 1));

function scenariosOf(mode: Mode): readonly Scenario[] {
  const common = { mode, known: both(mode), opens: false };
  return [
    { ...common, name: `build, check and swap: ${mode}`, beginning: "one", known: [counts(mode, 1)], opens: true, outcome: { 1: false, 2: true } },
    { ...common, name: `swap: ${mode}`, beginning: "built", act: swap, again: swap, outcome: { 1: false, 2: true } },
    { ...common, name: `roll back: ${mode}`, beginning: "two", act: rollBack, again: rollBack, outcome: { 1: true, 2: false } },
    { ...common, name: `drop: ${mode}`, beginning: "two", act: drop, again: drop, outcome: { 2: true } },
  ];
}

export const scenarios: readonly Scenario[] = [...scenariosOf("inline"), ...scenariosOf("async")];

/** What is registered: by version, whether it serves. */
export async function versionsIn(client: pg.Client): Promise<Readonly<Record<number, boolean>>> {
  const { rows } = await client.query<{ version: number; serving: boolean }>(`select version, serving from ${pg.escapeIdentifier(schema)}.projections`);
  return Object.fromEntries(rows.map(({ version, serving }) => [version, serving]));
}
