import type { WorkerContext } from "./worker-context.ts";

/** What calls that administer followers share: for one tenant of a store. */
export interface AdministrationScope {
  readonly context: WorkerContext;
  readonly tenant: string;
  /** Has the workers of this process look at once what changed. */
  readonly changed: () => Promise<void>;
}
