export { startServer, type Server, type ServerOptions } from "./server.ts";
export { hasPgbouncer, startPgbouncer, type Pooler, type PoolerOptions } from "./pgbouncer.ts";
export { startProxy, type Proxy, type Rule } from "./proxy/proxy.ts";
export type { Verdict } from "./proxy/connection.ts";
export type { Message, Side } from "./proxy/messages.ts";
export { createCertificate, type Certificate } from "./certificates.ts";
export type { Version } from "./binaries.ts";
