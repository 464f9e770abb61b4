import type {
  Appended,
  Appending,
  Commanded,
  Commanding,
  Committing,
  Followed,
  FollowingLog,
  Handling,
  Issuing,
  Nothing,
  Projecting,
  Read,
  ReadDocuments,
  Reading,
  ReadingDocuments,
  Rebuilding,
  Scheduling,
  TracedOperations,
} from "./messages.ts";
import { Operation, type Outcome } from "./operation.ts";

/** Every operation that is traced. `TracedOperations` says what each is. */
export const appending: Operation<Appending, Appended> = new Operation("append");
export const reading: Operation<Reading, Read> = new Operation("read");
export const readingDocuments: Operation<ReadingDocuments, ReadDocuments> = new Operation("documents");
export const commanding: Operation<Commanding, Commanded> = new Operation("command");
export const transacting: Operation<object, Nothing> = new Operation("transaction");
export const handling: Operation<Handling, Nothing> = new Operation("handle");
export const committing: Operation<Committing, Nothing> = new Operation("checkpoint");
export const projecting: Operation<Projecting, Nothing> = new Operation("project");
export const followingLog: Operation<FollowingLog, Followed> = new Operation("follow");
export const scheduling: Operation<Scheduling, { readonly dueAt: Date }> = new Operation("schedule");
export const firing: Operation<object, { readonly timers: number }> = new Operation("fire");
export const issuing: Operation<Issuing, { readonly outcome: string }> = new Operation("issue");
export const rebuilding: Operation<Rebuilding, Nothing> = new Operation("rebuild");
export const migrating: Operation<object, Nothing> = new Operation("migrate");

/** All of them, by the names of their channels. */
export const tracedChannels: readonly (keyof TracedOperations)[] = [
  "tidemark:append",
  "tidemark:read",
  "tidemark:documents",
  "tidemark:command",
  "tidemark:transaction",
  "tidemark:handle",
  "tidemark:checkpoint",
  "tidemark:project",
  "tidemark:follow",
  "tidemark:schedule",
  "tidemark:fire",
  "tidemark:issue",
  "tidemark:rebuild",
  "tidemark:migrate",
];

/** Of what has no more to tell. */
export function done(): Outcome<Nothing> {
  return { result: {} };
}
