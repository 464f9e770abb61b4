import { TidemarkError } from "./tidemark-error.ts";

/**
 * An error that comes from the database, or from a batch of many calls, begins its life in an answer of a socket: its stack holds
 * no line of the caller's. What a public call rejects with gets them here, at the moment of the rejection, when the caller's
 * `await` is known. A call that succeeds pays one `await` for it, 0.3 µs; to keep a stack at every call would cost it 12 µs.
 *
 * Only errors of the library are touched: what a callback of the user's throws has its own stack.
 */
export async function keepCaller<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw withCaller(error);
  }
}

/** Has every method of a class that returns a promise keep its caller. For its static block. */
export function keepCallers({ prototype }: { readonly prototype: object }): void {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const method: unknown = descriptor.value;
    if (name === "constructor" || typeof method !== "function") continue;
    const value = function (this: unknown, ...args: unknown[]): unknown {
      const result: unknown = Reflect.apply(method, this, args);
      return result instanceof Promise ? keepCaller(result) : result;
    };
    Object.defineProperty(prototype, name, { ...descriptor, value });
  }
}

/** Stacks as they were before a caller's frames were added. */
const bare = new WeakMap<TidemarkError, string>();

/** The error with the frames of the code that awaits the async function that calls this. */
export function withCaller(error: unknown): unknown {
  if (!(error instanceof TidemarkError)) return error;
  const frames = framesOfCaller();
  // Some frames, such as those of Promise.all, are the same for every caller.
  const first = frames.find((frame) => /:\d+:\d+\)?$/.test(frame));
  const { stack = "" } = error;
  // It was made where the caller's frames were known, or a call inside this one has added them.
  if (first === undefined || stack.includes(lineOf(first))) return error;
  const before = bare.get(error);
  // One error for a batch of calls: each caller gets an error with frames of its own.
  const told = before === undefined ? error : copyOf(error);
  told.stack = [before ?? stack, ...frames].join("\n");
  bare.set(told, before ?? stack);
  return told;
}

function copyOf(error: TidemarkError): TidemarkError {
  const copy = new Error(error.message, "cause" in error ? { cause: error.cause } : undefined);
  return Object.assign(Object.setPrototypeOf(copy, Object.getPrototypeOf(error)), error);
}

/** A library's frames between two of the caller's tell nothing, so that deep calls within it cost none of the caller's. */
const deep = 50;

function framesOfCaller(): readonly string[] {
  const { stackTraceLimit: limit } = Error;
  if (!(limit > 0) || typeof Error.captureStackTrace !== "function") return [];
  const here: { stack?: unknown } = {};
  Error.stackTraceLimit = Math.max(limit, deep);
  try {
    Error.captureStackTrace(here, withCaller);
  } finally {
    Error.stackTraceLimit = limit;
  }
  // Error.prepareStackTrace may make anything of it.
  if (typeof here.stack !== "string") return [];
  const frames = here.stack.split("\n").filter((line) => /^\s+at /.test(line) && !line.includes("node:internal"));
  const outside = frames.filter((line) => !folders.some((folder) => line.includes(folder)));
  // Bundled into one file with the caller's code, no frame is outside.
  return (outside.length > 0 ? outside : frames).slice(0, limit);
}

/** This package's folders, as they stand in frames: in a URL, or as a path. */
const folders: readonly string[] = ["../", "../../dist/"].flatMap((folder) => {
  const { pathname } = new URL(folder, import.meta.url);
  return [pathname, decodeURI(pathname)];
});

/** `file:line:`, without the column: a call and the `await` before it have two. */
function lineOf(frame: string): string {
  return frame.replace(/^.*[( ](?=\S+:\d+:\d+\)?$)/, "").replace(/\d+\)?$/, "");
}
