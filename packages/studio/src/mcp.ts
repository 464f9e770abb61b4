export { mcpHandler, type McpHandler } from "./server/mcp/handler.ts";
export type { McpHandlerOptions, McpOptions } from "./server/mcp/options.ts";
export { serveMcp, type ServedMcp, type ServeMcpOptions } from "./server/mcp/serve.ts";
export { type McpOverStdio, serveMcpOverStdio } from "./server/mcp/stdio.ts";
