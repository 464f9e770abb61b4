/**
 * The address that PostgreSQL's own variables name, as psql takes them. Undefined where neither PGHOST nor PGDATABASE is set: a user or a
 * port alone names no database. A password file (PGPASSFILE) and the other variables are the driver's.
 */
export function urlOfPgVariables({ PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE }: NodeJS.ProcessEnv): string | undefined {
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
  if (PGSSLMODE) url.searchParams.set("sslmode", PGSSLMODE);
  return url.href;
}
