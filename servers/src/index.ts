export { startServer, type Server, type ServerOptions } from "./server.ts";
export { startProxy, type Proxy, type Rule } from "./proxy/proxy.ts";
export type { Verdict } from "./proxy/connection.ts";
export type { Message, Side } from "./proxy/messages.ts";
