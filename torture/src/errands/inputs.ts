import { shortId } from "../history/short-id.ts";
import { hash } from "../random.ts";

// What the process of the run takes in. As of all events of the run, what an input says follows from its id.

export const inputTypes = ["ErrandBegun", "ErrandNudged", "ErrandEnded"] as const;
/** The event of every timer of the process. */
export const timedOut = "ErrandTimedOut";
/** What its commands and appends write. */
export const writtenTypes = ["ErrandDone", "ErrandNoted", "ErrandRegretted"] as const;
export const errandTypes = [...inputTypes, timedOut, ...writtenTypes];

/** Batches of ids from here on are of inputs. */
export const firstErrandBatch = 0x50000000;
const placeOfVersion = 14;
const placeOfBatch = 24;
const markOfBatch = "5";

/** Whether the library, or the process, made the id from others: nothing of the event follows from it. */
export function isDerived(id: string): boolean {
  return id[placeOfVersion] === "5";
}

export function isErrandInput(id: string): boolean {
  return !isDerived(id) && id[placeOfBatch] === markOfBatch;
}

/** The first id of a batch begins an instance; one in ten of the others ends it. */
export function inputOf(id: string): { readonly type: (typeof inputTypes)[number]; readonly data: object; readonly correlationId?: string } {
  const number = hash(`errand ${shortId(id)}`);
  const type = id.endsWith("0000") ? "ErrandBegun" : number % 10 === 0 ? "ErrandEnded" : "ErrandNudged";
  return { type, data: { by: shortId(id) }, ...(number % 2 === 0 && { correlationId: `request ${number % 1_000}` }) };
}

/** The streams of an instance: of what others tell it, and of its timers. */
export const toldPrefix = "errand-";
export const ownPrefix = "errands:";

export function instanceOf(stream: string): string {
  return stream.startsWith(ownPrefix) ? stream.slice(ownPrefix.length) : stream.slice(toldPrefix.length);
}
