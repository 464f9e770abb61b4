import type { Call } from "./call.ts";
import { numberOf, textOf } from "./parameters.ts";

/** Server-sent events of the log's tail, for as long as somebody looks. */
export async function tail({ liveTail, query, left, signal }: Call): Promise<Response> {
  const types = (textOf(query, "types") ?? "").split(",").filter((type) => type !== "");
  const filter = { types, category: textOf(query, "category"), prefix: textOf(query, "prefix") ?? "" };
  const body = await liveTail.open(filter, numberOf(query, "after"), left);
  // It came too late to be taken.
  if (signal.aborted) await body.cancel();
  return new Response(body, { headers: { "content-type": "text/event-stream", "x-accel-buffering": "no" } });
}
