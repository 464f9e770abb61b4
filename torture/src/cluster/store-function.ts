type Query = (text: string, values?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;

/**
 * The name in the database of one of the store's functions, which ends with what tells its version. One version has worked on
 * this schema.
 *
 * @param schema - Quoted.
 */
export async function storeFunction(query: Query, schema: string, name: string): Promise<string> {
  const [set] = await query(`select left(hash, 8) as suffix from ${schema}.function_sets`);
  if (!set) throw new Error(`Schema ${schema} holds no functions.`);
  return `${schema}.${name}_${String(set["suffix"])}`;
}
