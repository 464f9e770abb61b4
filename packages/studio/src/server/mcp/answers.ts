import type { CallToolResult } from "@modelcontextprotocol/server";
import type { EventStore } from "tidemark";
import { type Call, SharedReports } from "../api/call.ts";
import { problemOf } from "../api/problem.ts";
import { LiveTail } from "../events/live-tail.ts";
import { asData } from "./as-data.ts";
import { bounded } from "./bounded.ts";
import type { ValidMcpOptions } from "./options.ts";
import { queryOf, type ReadingTool } from "./tool.ts";

type Arguments = Readonly<Record<string, unknown>>;

/** Answers what models ask: within the time and the bytes of the options, and never with an error that ends the process. */
export class Answers {
  readonly #store: EventStore;
  readonly #options: ValidMcpOptions;
  readonly #shared = new SharedReports();
  readonly #liveTail: LiveTail;

  constructor(store: EventStore, options: ValidMcpOptions) {
    this.#store = store;
    this.#options = options;
    this.#liveTail = new LiveTail(store, options.studio);
  }

  /** @param left - Aborted when the client has cancelled, or gone. */
  async to(tool: ReadingTool, given: Arguments, left: AbortSignal): Promise<CallToolResult> {
    const { studio, maxBytes } = this.#options;
    const signal = AbortSignal.any([left, AbortSignal.timeout(studio.timeoutMs)]);
    const call: Call = {
      store: this.#store,
      options: studio,
      query: queryOf(tool, given),
      signal,
      left,
      shared: this.#shared,
      liveTail: this.#liveTail,
      user: { role: "viewer" },
    };
    try {
      const report = await Promise.race([tool.route(call), aborted(signal)]);
      const answer = { ...bounded(report, maxBytes, { rows: tool.rows, more: tool.more }) };
      return { content: [{ type: "text", text: asData(answer) }], structuredContent: answer };
    } catch (error) {
      const problem = problemOf(error);
      if (problem.code === "internal") console.error(`The tool ${tool.name} failed.`, error);
      // Its text may quote what is stored.
      return { content: [{ type: "text", text: asData({ problem }) }], isError: true };
    }
  }
}

/** Rejects when the client has gone, or was long enough there. Work that takes no signal is short, and its result or error is nobody's. */
function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}
