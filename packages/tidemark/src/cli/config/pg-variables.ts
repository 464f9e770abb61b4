/** The driver reads the first of them only, and without the certificates it could not verify anything. */
const tlsVariables = { PGSSLMODE: "sslmode", PGSSLROOTCERT: "sslrootcert", PGSSLCERT: "sslcert", PGSSLKEY: "sslkey" };

/**
 * The address that PostgreSQL's own variables name, as psql takes them. Undefined where neither PGHOST nor PGDATABASE is set: a user or a
 * port alone names no database. A password file (PGPASSFILE) and the other variables are the driver's.
 */
export function urlOfPgVariables(environment: NodeJS.ProcessEnv): string | undefined {
  const { PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE } = environment;
  if (!PGHOST && !PGDATABASE) return undefined;
  const url = new URL("postgres://localhost");
  if (PGUSER) url.username = encodeURIComponent(PGUSER);
  // Without a user it would be lost.
  if (PGPASSWORD && PGUSER) url.password = encodeURIComponent(PGPASSWORD);
  if (PGPORT) url.port = PGPORT;
  if (PGDATABASE) url.pathname = `/${encodeURIComponent(PGDATABASE)}`;
  // A folder of sockets is no host of a URL.
  if (PGHOST?.startsWith("/")) url.searchParams.set("host", PGHOST);
  else if (PGHOST) url.hostname = PGHOST.includes(":") ? `[${PGHOST}]` : PGHOST;
  for (const [name, parameter] of Object.entries(tlsVariables)) {
    const value = environment[name];
    if (value) url.searchParams.set(parameter, value);
  }
  return url.href;
}
