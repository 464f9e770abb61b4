import type { EventStore } from "tidemark";
import type { StudioUser } from "../options.ts";
import { userOf } from "../security/guard.ts";
import { isOwnHost } from "../security/host.ts";
import { isFromElsewhere } from "../security/origin.ts";
import { Token } from "../security/token.ts";
import { Answers } from "./answers.ts";
import { Changes } from "./changes.ts";
import { checkMcpOptions, type McpHandlerOptions } from "./options.ts";
import { loadProtocol } from "./protocol.ts";
import { serverOf } from "./server.ts";

/**
 * An MCP server of one store over streamable HTTP, ready to be served.
 *
 * @example
 * ```ts
 * const { fetch, token }: McpHandler = await mcpHandler(store);
 * ```
 */
export interface McpHandler {
  /** Answers a request. It never rejects, so that it cannot end the application that it is mounted in. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** What a client sends as `Authorization: Bearer`. Undefined where `authorize` decides. */
  readonly token: string | undefined;
  /** Aborts what is under way. The store stays open. */
  close(): Promise<void>;
}

/**
 * Makes an MCP server of a store, or of a tenant's view: a fetch handler to mount in Hono, Bun and Deno as it is, and in Express and Fastify through
 * `nodeHandler`. It keeps no sessions, so several processes can serve one address. Its tools only read, unless `role` or `authorize`
 * allows more; changes are confirmed, made and audited as in the studio.
 *
 * Every request must name a host of `hosts` and come from no other site. Without `authorize` it must hold `token` as `Authorization: Bearer`.
 *
 * @throws {@link InvalidArgumentError} — an option is invalid or unknown, or `hosts` names another machine and nothing decides who may ask.
 * @throws {@link MissingDependencyError} — `@modelcontextprotocol/server` is not installed.
 *
 * @example
 * ```ts
 * import { mcpHandler } from "@tidemark/studio/mcp";
 *
 * const { fetch } = await mcpHandler(store, { hosts: ["admin.example.com"], authorize: (request) => request.headers.get("x-user") === "ada" });
 * ```
 */
export async function mcpHandler(store: EventStore, options: McpHandlerOptions = {}): Promise<McpHandler> {
  const valid = checkMcpOptions(store, options, true);
  const { authorize, hosts, role } = valid.studio;
  const token = authorize ? undefined : new Token("", valid.token);
  const protocol = await loadProtocol();
  const answers = new Answers(store, valid);
  const changes = new Changes(store, protocol);
  const handler = protocol.createMcpHandler(({ authInfo }) => serverOf(protocol, { answers, changes, user: userOf(authInfo?.extra?.["user"]) ?? nobody }), {
    maxRequestBodySize: 262_144,
  });

  async function answer(request: Request): Promise<Response> {
    const { headers, url } = request;
    if (!isOwnHost(headers.get("host"), hosts)) return refused(403, "host-refused", "The server does not answer to this host. Name it in the option hosts.");
    if (isFromElsewhere(headers, false)) return refused(403, "origin-refused", "The request comes from a page of another site.");
    const user = token ? (token.isIn(headers) ? { role, name: "mcp" } : undefined) : await userBy(authorize, request);
    if (!user)
      return refused(401, "not-authorized", token ? "Send the token as Authorization: Bearer." : "The application's authorize does not let this request in.");
    if (new URL(url).pathname !== valid.path) return refused(404, "not-found", `The server answers at ${valid.path}.`);
    return handler.fetch(request, { authInfo: { token: "", clientId: user.name ?? "", scopes: [], extra: { user } } });
  }

  return {
    token: token?.value,
    close: () => handler.close(),
    fetch: async (request) => {
      const response = await answer(request).catch(failed);
      // Some answers of the protocol's implementation have headers that cannot be changed.
      const own = new Response(response.body, response);
      own.headers.set("cache-control", "no-store");
      own.headers.set("x-content-type-options", "nosniff");
      return own;
    },
  };
}

const nobody: StudioUser = { role: "viewer" };

/** An error of the application's lets nobody in. */
async function userBy(authorize: McpHandlerOptions["authorize"], request: Request): Promise<StudioUser | undefined> {
  try {
    return userOf(await authorize?.(request));
  } catch {
    return undefined;
  }
}

function refused(status: number, code: string, detail: string): Response {
  const headers = { "content-type": "application/problem+json", ...(status === 401 && { "www-authenticate": "Bearer" }) };
  return Response.json({ title: "Refused", detail, status, code }, { status, headers });
}

function failed(error: unknown): Response {
  console.error("The MCP server could not answer a request.", error);
  return refused(500, "internal", "The reason is in the log.");
}
