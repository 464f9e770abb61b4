import type { EventStore, Projection } from "tidemark";
import type { Step } from "./session.ts";
import type { Stop } from "./stops.ts";

/** What a meeting's actors share in one order, and how it is judged. */
export interface Scene {
  /** By actor. */
  readonly actors: readonly (readonly Step[])[];
  /** What is wrong with how it ended; undefined where nothing is. By actor: how each of its steps ended. */
  judge(outcomes: readonly (readonly string[])[]): Promise<string | undefined> | string | undefined;
}

/** A thing that several sessions do at the same time. */
export interface Meeting {
  readonly name: string;
  /** The id of the invariant that it is about. */
  readonly promise: string;
  /** Steps of each actor. */
  readonly steps: readonly number[];
  /** Where its steps have others wait. */
  readonly stops?: readonly Stop[];
  /** Of three sessions: only where there is time. */
  readonly long?: boolean;
  /** What its stores know, which are then in a schema of their own. Undefined: the projection that all other meetings share. */
  readonly projections?: readonly Projection[];
  /** @param key - in the names of all that an order creates, so that it meets no other's. */
  prepare(key: string, place: Place): Promise<Scene> | Scene;
}

/** What a meeting may ask for itself, while nobody else is at work. */
export interface Place {
  /** Quoted. */
  readonly schema: string;
  /** Of a program that knows no projection. */
  readonly stranger: EventStore;
  /** Of a program that knows those of the meeting. */
  readonly known: EventStore;
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}
