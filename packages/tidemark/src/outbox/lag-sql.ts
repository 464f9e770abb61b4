/** At most so many are counted. */
const most = 100_000;

/**
 * What a follower of the outbox has before it, as SQL: how many messages, and when the first of them was published. The position of its
 * checkpoint is `shard.position`; whose messages it reads, `follower` says.
 *
 * @param schema - Quoted.
 */
export function outboxLagSql(
  schema: string,
  { shard = "s", follower = "c" }: { readonly shard?: string; readonly follower?: string } = {},
): { readonly messages: string; readonly first: string } {
  const ahead = `from ${schema}.outbox as o where o.position > ${shard}.position and (o.tenant = ${follower}.tenant or ${follower}.definition operator(pg_catalog.->>) 'tenants' = 'all')`;
  return {
    messages: `(select pg_catalog.count(*) from (select ${ahead} limit ${most}) as messages)`,
    first: `(select o.published_at ${ahead} order by o.position limit 1)`,
  };
}
