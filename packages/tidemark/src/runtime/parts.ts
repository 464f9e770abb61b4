import type { Database, Session } from "../database/database.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import type { StoreTransaction } from "../transaction/event-reader-writer.ts";
import type { Feed } from "../feed/feed.ts";
import type { Logger } from "../model/logger.ts";
import type { ProjectionTransaction } from "../projections/projection.ts";
import type { CheckpointWriter } from "./checkpoint-writer.ts";
import type { Progress } from "./progress.ts";
import type { Slots } from "../async/semaphore.ts";
import type { WorkerStatements } from "./statements.ts";

/** What all workers of a process share, for one store. */
export interface WorkerParts {
  readonly database: Database;
  readonly feed: Feed;
  readonly schema: string;
  readonly statements: WorkerStatements;
  readonly slots: Slots;
  readonly progress: Progress;
  readonly checkpoints: CheckpointWriter;
  readonly logger: Logger;
}

/** What one worker adds. */
export interface WorkerSettings {
  readonly tenant: string;
  readonly leaseMs: number;
  /** Nobody started it but the store itself: it keeps no process running. */
  readonly background: boolean;
  /** Never throws. */
  readonly onError: (error: TidemarkError) => void;
  /** The store's reads and appends on a session, for this worker's tenant. */
  readonly createTransaction: (session: Session) => StoreTransaction;
  /** The same for a projection's handler, for any tenant. */
  readonly createProjectionTransaction: (session: Session, tenant: string) => ProjectionTransaction;
}
