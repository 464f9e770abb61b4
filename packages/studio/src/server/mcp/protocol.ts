import type * as protocol from "@modelcontextprotocol/server";
import type * as stdioProtocol from "@modelcontextprotocol/server/stdio";
import { MissingDependencyError } from "tidemark";

/** The official implementation of the protocol: an optional peer, which only those have who serve it. */
export type Protocol = typeof protocol;
export type StdioProtocol = typeof stdioProtocol;

const purpose = "The Model Context Protocol";
const name = "@modelcontextprotocol/server";

/** @throws {@link MissingDependencyError} — `@modelcontextprotocol/server` is not installed. */
export async function loadProtocol(): Promise<Protocol> {
  try {
    return await import("@modelcontextprotocol/server");
  } catch (error) {
    throw new MissingDependencyError(name, purpose, { cause: error });
  }
}

/** @throws {@link MissingDependencyError} — `@modelcontextprotocol/server` is not installed. */
export async function loadStdioProtocol(): Promise<StdioProtocol> {
  try {
    return await import("@modelcontextprotocol/server/stdio");
  } catch (error) {
    throw new MissingDependencyError(name, purpose, { cause: error });
  }
}
