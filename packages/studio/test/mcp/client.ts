import { type CallToolResult, Client, type ClientOptions, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { McpHandler } from "@tidemark/studio/mcp";
import { expect } from "../../../tidemark/test/support/test.ts";

/** The revisions of the protocol that clients of today speak: the one with a handshake, and the one without. */
export const eras = ["legacy", "auto"] as const;

export async function connected(handler: McpHandler, mode: (typeof eras)[number], options: ClientOptions = {}): Promise<Client> {
  const client = new Client({ name: "test", version: "1.0.0" }, { ...options, versionNegotiation: { mode } });
  const transport = new StreamableHTTPClientTransport(new URL("http://localhost:4984/mcp"), {
    requestInit: { headers: { authorization: `Bearer ${handler.token}`, host: "localhost:4984" } },
    fetch: (url, init) => {
      const headers = new Headers(init?.headers);
      headers.set("host", "localhost:4984");
      return handler.fetch(new Request(url, { ...init, headers }));
    },
  });
  await client.connect(transport);
  return client;
}

export interface Answer<Report> {
  readonly report: Report;
  readonly cut: readonly string[];
}

/** What a tool answers, which the client has checked against the tool's schema. Text and structure say the same. */
export async function ask<Report>(client: Client, name: string, given: Record<string, unknown> = {}): Promise<Answer<Report>> {
  const result = await client.callTool({ name, arguments: given });
  expect(result.isError, textOf(result)).not.toBe(true);
  const [, json = ""] = /<event-store-data>\n(.*)\n<\/event-store-data>$/s.exec(textOf(result)) ?? [];
  expect(JSON.parse(json)).toEqual(result.structuredContent);
  const answer: Answer<Report> = JSON.parse(json);
  return answer;
}

export function textOf({ content }: CallToolResult): string {
  return content.map((block) => (block.type === "text" ? block.text : "")).join("");
}
