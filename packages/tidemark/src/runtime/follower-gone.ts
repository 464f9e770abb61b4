import { NotFoundError } from "../errors/following.ts";
import type { Follower } from "./follower.ts";

/** The error for a follower that a worker runs and that the database does not know any more. */
export function followerGone({ owner, ownerVersion, kind }: Pick<Follower, "owner" | "ownerVersion" | "kind">): NotFoundError {
  return new NotFoundError(
    ownerVersion === undefined ? "consumer" : kind.name,
    ownerVersion === undefined ? owner : `${owner} v${ownerVersion}`,
    kind.gone ?? "It was renamed or removed while this worker ran: start the worker again with the name that it has now.",
  );
}
