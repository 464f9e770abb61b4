import type { CallToolResult } from "@modelcontextprotocol/server";
import type { EventStore } from "tidemark";
import { problemOf } from "../api/problem.ts";
import { Reader } from "../api/reader.ts";
import { asData } from "./as-data.ts";
import { bounded } from "./bounded.ts";
import type { ValidMcpOptions } from "./options.ts";
import { queryOf, type ReadingTool } from "./tool.ts";

type Arguments = Readonly<Record<string, unknown>>;

/** Answers what models ask: in turn, within the time and the bytes of the options, and never with an error that ends the process. */
export class Answers {
  readonly #reader: Reader;
  readonly #maxBytes: number;

  constructor(store: EventStore, { studio, maxBytes }: ValidMcpOptions) {
    this.#reader = new Reader(store, studio);
    this.#maxBytes = maxBytes;
  }

  /** @param left - Aborted when the client has cancelled, or gone. */
  async to(tool: ReadingTool, given: Arguments, left: AbortSignal): Promise<CallToolResult> {
    try {
      const report = await this.#reader.read({ read: tool.read, inTurn: true }, { query: queryOf(tool, given), user: { role: "viewer" }, left });
      const answer = { ...bounded(report, this.#maxBytes, { rows: tool.rows, more: tool.more }) };
      return { content: [{ type: "text", text: asData(answer) }], structuredContent: answer };
    } catch (error) {
      const problem = problemOf(error);
      if (problem.code === "internal") console.error(`The tool ${tool.name} failed.`, error);
      // Its text may quote what is stored.
      return { content: [{ type: "text", text: asData({ problem }) }], isError: true };
    }
  }
}
