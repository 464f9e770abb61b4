import { isTidemarkError, type EventStore } from "tidemark";

/** What a step answered, without what differs between any two runs; or how it was refused. */
export type Answer = { readonly answer: string } | { readonly refused: string } | { readonly broke: string };

/** By the step's name. */
export type Answers = Map<string, Answer>;

export interface Script {
  readonly store: EventStore;
  readonly url: string;
  readonly schema: string;
  /** How long nobody asks anything of the store, somewhere in the middle. */
  readonly awayMs: number;
  /** Does one thing, and keeps what came of it. */
  step(name: string, work: () => Promise<unknown>): Promise<void>;
}

export const schema = 'settings "store"';

/** What `work` came to. */
export async function answerOf(work: () => Promise<unknown>): Promise<Answer> {
  try {
    return { answer: JSON.stringify(await work()) ?? "nothing" };
  } catch (error) {
    if (isTidemarkError(error, "DATABASE")) return { refused: `DATABASE ${error.sqlState}` };
    if (isTidemarkError(error)) return { refused: error.code };
    return { broke: error instanceof Error ? `${error.stack}` : String(error) };
  }
}

/** The code of the error that `work` has to reject with: a refusal that is part of the script. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    return `not refused: ${JSON.stringify(await work)}`;
  } catch (error) {
    if (!isTidemarkError(error)) throw error;
    if (error.code === "DATABASE" || error.code === "CONNECTION" || error.code === "POOL_TIMEOUT" || error.code === "OUTCOME_UNKNOWN") throw error;
    return error.code;
  }
}
