import { InvalidArgumentError } from "../../errors/errors.ts";
import type { AdaptedTransaction, TransactionClient } from "../transaction-client.ts";

interface PrismaTransaction {
  // oxlint-disable-next-line no-explicit-any -- as Prisma types its values
  $queryRawUnsafe<T = unknown>(text: string, ...values: any[]): PromiseLike<T>;
  // oxlint-disable-next-line no-explicit-any -- as Prisma types its values
  $executeRawUnsafe(text: string, ...values: any[]): PromiseLike<number>;
}

/**
 * Joins an interactive Prisma transaction, for `store.withTransaction(fromPrisma(tx))`. Prisma 7 with `@prisma/adapter-pg`. Prisma
 * ends such a transaction after 5 s unless you set its option `timeout`.
 *
 * Prisma tells no count of changed rows beside rows: `rowCount` of `query` is null where a statement of yours returns none.
 *
 * @param tx - What `prisma.$transaction(async (tx) => …)` passes to its callback.
 * @throws {@link InvalidArgumentError} — `tx` is the client itself, or not Prisma's.
 *
 * @example
 * ```ts
 * export async function place(prisma: PrismaDatabase): Promise<void> {
 *   await prisma.$transaction(async (tx) => {
 *     await store.withTransaction(fromPrisma(tx)).appendToStream("cart-1", [itemAdded]);
 *   });
 * }
 * ```
 */
export function fromPrisma(tx: PrismaTransaction): TransactionClient {
  if (!(tx instanceof Object) || typeof tx.$queryRawUnsafe !== "function") throw new InvalidArgumentError("tx", "is not a Prisma transaction.");
  if ("$connect" in tx) throw new InvalidArgumentError("tx", "is the Prisma client itself. Pass the tx that prisma.$transaction(async (tx) => …) gives you.");
  const adapted: AdaptedTransaction = {
    connection: () => tx,
    // Prisma refuses queries of a transaction that has ended.
    isOpen: () => true,
    async query(text, values) {
      try {
        const rows = await tx.$queryRawUnsafe<unknown[]>(text, ...values);
        return { rows, rowCount: rows.length > 0 ? rows.length : null };
      } catch (error) {
        throw explain(error);
      }
    },
    async countChanged(text, values) {
      try {
        return await tx.$executeRawUnsafe(text, ...values);
      } catch (error) {
        throw explain(error);
      }
    },
  };
  return adapted;
}

/** Prisma's error for a transaction that is over: committed, rolled back or timed out. */
const transactionIsOver = "P2028";

/** What PostgreSQL said is in the depth of Prisma's own error, under other names than the driver's. */
function explain(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (Reflect.get(error, "code") === transactionIsOver)
    return new InvalidArgumentError("tx", "was used after its transaction had ended, or had timed out: see Prisma's option timeout, 5 s by default.", {
      cause: error,
    });
  const answer = inside(inside(inside(error, "meta"), "driverAdapterError"), "cause");
  const code = inside(answer, "originalCode");
  const message = inside(answer, "originalMessage");
  if (typeof code !== "string" || typeof message !== "string") return error;
  const constraint = inside(inside(answer, "constraint"), "index");
  return Object.assign(new Error(message, { cause: error }), { code, constraint, table: inside(answer, "table"), hint: inside(answer, "hint") });
}

function inside(value: unknown, key: string): unknown {
  return value instanceof Object ? Reflect.get(value, key) : undefined;
}
