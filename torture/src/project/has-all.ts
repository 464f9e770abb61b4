import type { ProjectionInfo } from "tidemark";

/** Whether a version has all events up to this position: appends write it, or it has followed the log so far. */
export function hasAll({ mode, state, position }: ProjectionInfo, end: number): boolean {
  return mode === "inline" ? state === "live" : position >= end;
}
