import { NotFoundError } from "../errors/following.ts";

/** The error for a follower that a worker runs and that the database does not know any more. */
export function followerGone(name: string): NotFoundError {
  return new NotFoundError("consumer", name, "It was renamed or removed while this worker ran: start the worker again with the name that it has now.");
}
