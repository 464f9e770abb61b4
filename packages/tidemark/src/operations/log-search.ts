/**
 * A part of a recursive statement, called `search`: for each time the positions between which the log reaches it. It halves the log, as if times
 * rose with positions. An import that kept its times, and a clock that was set back, make it an estimate; `position_since` reads exactly, and longer.
 *
 * @param schema - Quoted.
 * @param starts - Selects `since`, a time, and `low` and `high`, positions with the part of the log to search between them. The greatest `low` of a
 *   `since` is the last position before it.
 */
export function searchByTime(schema: string, starts: string): string {
  return `search as (
  ${starts}
  union all
  select s.since,
         case when m.recorded_at < s.since then m.position else s.low end,
         case when m.recorded_at < s.since then s.high else (s.low + s.high) / 2 end
    from search as s
    left join lateral (
     select e.position, e.recorded_at from ${schema}.events as e where e.position > (s.low + s.high) / 2 - 1 and e.position < s.high order by e.position limit 1
   ) as m on true
   where s.high - s.low > 1
)`;
}
