import type { Command } from "commander";
import { configuredEvents, configuredShowing } from "../config/definitions.ts";
import { overHttp, overStdio } from "../mcp/serve.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";
import { port as portNumber } from "./studio.ts";

interface McpFlags extends StoreFlags {
  readonly allowChanges?: boolean;
  readonly http?: boolean;
  readonly port: number;
}

const examples = `
Needs the packages @tidemark/studio and @modelcontextprotocol/server.

Examples:
  tidemark mcp
  TIDEMARK_MCP_TOKEN=$(openssl rand -hex 32) tidemark mcp --http --port 8080`;

/** `tidemark mcp` */
export function addMcp(program: Command, terminal: Terminal): void {
  addStoreFlags(program.command("mcp"), "the address and the token of --http, one JSON document,")
    .description("Serve the store to language models by the Model Context Protocol, over stdin and stdout until stdin is closed. Only reads, unless told.")
    .option("--allow-changes", "also pause and resume consumers and relays, retry and discard dead letters: each confirmed before, and audited")
    .option("--http", "over HTTP instead, on this machine, until Ctrl-C; clients send TIDEMARK_MCP_TOKEN, or a random token that is printed")
    .option("--port <number>", "the port of --http, 0 for a free one", portNumber, 4984)
    .addHelpText("after", examples)
    .action((flags: McpFlags) => mcp(flags, terminal));
}

async function mcp(flags: McpFlags, terminal: Terminal): Promise<void> {
  const { http, port, schema, json, allowChanges } = flags;
  const token = terminal.env["TIDEMARK_MCP_TOKEN"] || undefined;
  const tell = (url: string, secret: string): void => {
    if (json) terminal.printJson({ url, token: secret });
    else terminal.table([["url", url], token === undefined ? ["token", secret] : ["token", "TIDEMARK_MCP_TOKEN"]]);
  };
  const showing = configuredShowing(flags);
  // Before a database is opened for nothing.
  const serve = await (http ? overHttp({ port, token, tell }) : overStdio());
  await withStore(flags, terminal, (store) => serve(store, { schema, ...showing, role: allowChanges ? "admin" : "viewer" }, terminal), {
    ...configuredEvents(flags),
    audited: false,
  });
}
