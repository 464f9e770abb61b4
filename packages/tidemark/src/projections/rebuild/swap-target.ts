import type { WorkerContext } from "../../runtime/worker-context.ts";
import { DefinedDocumentProjection, type DefinedProjection } from "../defined-projection.ts";
import type { CreateProjectionTransaction } from "../projection.ts";
import { Swap, type SwapTarget } from "./swap.ts";

/** A swap to a version whose definition this process has. */
export function swapTo(
  context: Pick<WorkerContext, "database" | "schema" | "logger">,
  projection: DefinedProjection,
  createTransaction: CreateProjectionTransaction,
): Swap {
  const { name, version, mode, work } = projection;
  const hook = work.kind === "handler" ? work.swap : undefined;
  const target: SwapTarget = {
    name,
    version,
    mode,
    collection: projection instanceof DefinedDocumentProjection ? projection.collection : undefined,
    hook:
      hook &&
      (async (session) => {
        await hook(createTransaction(session, ""));
        await session.settled();
      }),
  };
  return new Swap(context, target);
}
