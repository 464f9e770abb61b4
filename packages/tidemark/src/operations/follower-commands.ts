import type { FollowerState } from "./follower-states.ts";

/** How one that stopped at an event goes on, once its cause is mended. */
export function toResume({ kind, name }: Pick<FollowerState, "kind" | "name">): string {
  switch (kind) {
    case "consumer":
      return `run: tidemark consumers resume ${name}`;
    case "projection":
      return `run: tidemark projections resume ${name}`;
    case "relay":
      return `run: tidemark relays resume ${name}`;
    default:
      return "restart its worker with code that can handle the event";
  }
}

/** How one goes on whose history is gone. */
export function toGoOn({ kind, name }: Pick<FollowerState, "kind" | "name">): string {
  switch (kind) {
    case "consumer":
      return `run: tidemark consumers reset ${name} --after <position>`;
    case "projection":
      return `run: tidemark projections rebuild ${name}`;
    case "relay":
      return `run: tidemark relays reset ${name} --after <position>`;
    default:
      return "give the process another version, which begins where its definition says";
  }
}

/** How to look at its dead letters. */
export function toListLetters({ kind, name }: Pick<FollowerState, "kind" | "name">): string {
  return `tidemark dead-letters list --consumer ${name}${kind === "relay" ? " --kind relay" : ""}`;
}
