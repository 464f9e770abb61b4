import type { EventDocument } from "./reports.ts";

/** A page of instances of processes. */
export interface ProcessesPage {
  readonly instances: readonly InstanceLine[];
  /** Goes into `after` for the next page; null on the last one. */
  readonly next: number | null;
  readonly versions: readonly ProcessVersionLine[];
}

export interface InstanceLine {
  readonly name: string;
  readonly id: string;
  readonly number: number;
  readonly version: number;
  readonly status: string;
  readonly inputs: number;
  readonly handled: number;
  readonly late: number;
  readonly error: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | null;
}

export interface ProcessVersionLine {
  readonly name: string;
  readonly version: number;
  readonly open: number;
  readonly parked: number;
  readonly pending: number;
  readonly workers: number;
  /** Whether a worker has to run it. */
  readonly needed: boolean;
}

/** An instance, with what came to it and what came of it. */
export interface InstancePage {
  readonly instance: InstanceLine;
  /** JSON text. */
  readonly state: string;
  readonly masked: boolean;
  /** The latest ones, in order. */
  readonly inputs: readonly InputLine[];
  readonly commands: readonly CommandLine[];
  readonly timers: readonly { readonly key: string; readonly dueAt: number }[];
}

export interface InputLine {
  readonly number: number;
  readonly handled: boolean;
  readonly event: EventDocument;
  readonly error: string | null;
}

export interface CommandLine {
  readonly input: number;
  readonly path: string;
  readonly kind: "command" | "append";
  readonly streamId: string | null;
  /** JSON text. */
  readonly content: string;
  readonly status: string;
  readonly attempts: number;
  readonly dueAt: number | null;
  readonly error: string | null;
}

/** Timers that have not fired, and recurring ones, by due time. */
export interface TimersPage {
  readonly timers: readonly TimerLine[];
  /** Go into `afterDue` and `afterKey` for the next page; null on the last one. */
  readonly next: { readonly dueAt: number; readonly key: string } | null;
}

export interface TimerLine {
  readonly key: string;
  readonly dueAt: number;
  readonly streamId: string;
  readonly type: string;
  readonly cron: string | null;
  readonly timeZone: string | null;
  readonly attempts: number;
  readonly error: string | null;
  readonly parked: boolean;
}
