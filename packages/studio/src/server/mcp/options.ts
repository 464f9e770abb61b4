import { type EventStore, InvalidArgumentError } from "tidemark";
import { checkOptions, type StudioOptions, type StudioRole, type ValidOptions } from "../options.ts";

/**
 * Options of an MCP server, whatever it is reached over.
 *
 * @example
 * ```ts
 * const options: McpOptions = { mask: (event) => (event.type === "CustomerRegistered" ? ["data.email"] : []) };
 * ```
 */
export interface McpOptions extends Pick<StudioOptions, "schema" | "mask" | "maskDerived" | "deciders" | "timeoutMs"> {
  /**
   * What the model may do once somebody has confirmed it: an operator also pauses, resumes and retries, an admin also discards. Where `authorize` decides,
   * it is no option. @defaultValue "viewer", who only reads
   */
  readonly role?: StudioRole;
  /** The most bytes of JSON that an answer holds; what does not fit is left out, and the answer says so. 4,096 to 1,048,576. @defaultValue 65,536 */
  readonly maxBytes?: number;
}

/**
 * Options of `mcpHandler`.
 *
 * @example
 * ```ts
 * const options: McpHandlerOptions = { path: "/mcp", hosts: ["admin.example.com"], authorize: (request) => request.headers.get("x-user") === "ada" };
 * ```
 */
export interface McpHandlerOptions extends McpOptions, Pick<StudioOptions, "authorize" | "hosts"> {
  /** Where it is reached. @defaultValue "/mcp" */
  readonly path?: string;
  /** What a client has to send as `Authorization: Bearer`, without `authorize`. At least 32 characters. @defaultValue a random one, made at each start */
  readonly token?: string;
}

export interface ValidMcpOptions {
  readonly studio: ValidOptions;
  readonly maxBytes: number;
  readonly path: string;
  readonly token: string | undefined;
}

const known = ["schema", "mask", "maskDerived", "deciders", "timeoutMs", "role", "maxBytes"];
const knownOfHandler = [...known, "authorize", "hosts", "path", "token"];

export function checkMcpOptions(store: EventStore, options: McpHandlerOptions, isHandler: boolean): ValidMcpOptions {
  if (typeof options !== "object" || options === null) throw new InvalidArgumentError("options", "must be an object");
  const names = isHandler ? knownOfHandler : known;
  const unknown = Object.keys(options).find((option) => !names.includes(option));
  if (unknown !== undefined) throw new InvalidArgumentError(`options.${unknown}`, `is not an option; known are ${names.join(", ")}`);
  const { maxBytes = 65_536, path = "/mcp", token, ...studio } = options;
  if (!Number.isInteger(maxBytes) || maxBytes < 4_096 || maxBytes > 1_048_576)
    throw new InvalidArgumentError("options.maxBytes", "must be a whole number of bytes from 4096 to 1048576");
  if (typeof path !== "string" || !/^(\/[\w~-][\w.~-]*)+$/.test(path))
    throw new InvalidArgumentError("options.path", 'must be a path such as "/mcp", without a slash at its end');
  if (token !== undefined && (typeof token !== "string" || !/^[\x21-\x7e]{32,512}$/.test(token)))
    throw new InvalidArgumentError("options.token", "must be 32 to 512 characters of ASCII without spaces, such as what openssl rand -hex 32 prints");
  if (token !== undefined && options.authorize) throw new InvalidArgumentError("options.token", "has no use beside authorize, which decides");
  return { studio: checkOptions(store, studio), maxBytes, path, token };
}
