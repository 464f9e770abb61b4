import { fileURLToPath } from "node:url";
import { InvalidArgumentError } from "../errors/errors.ts";
import { describeValue } from "./describe-value.ts";

/** Where a store lives. */
export type StoreTarget =
  | { readonly kind: "memory" }
  /** `folder`: a path as the system understands it. */
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "server"; readonly url: string };

const forms = 'a PostgreSQL URL ("postgres://user@host:5432/database"), a folder ("file:./data") or left out for a store in memory';

/** The first argument of `openEventStore`. No message shows the text of a URL, for it may hold a password. */
export function checkStoreUrl(url: unknown): StoreTarget {
  if (url === undefined) return { kind: "memory" };
  if (typeof url !== "string")
    throw new InvalidArgumentError("url", `must be ${forms}, not ${describeValue(url)}${url instanceof URL ? "; pass its href" : ""}`);
  if (/^postgres(?:ql)?:\/\//i.test(url)) return serverAt(url);
  if (/^file:/i.test(url)) return { kind: "folder", folder: folderOf(url) };
  throw new InvalidArgumentError("url", problemOf(url));
}

function serverAt(url: string): StoreTarget {
  // pg takes spaces, and an empty host with ?host=/a/socket/folder, which URL alone refuses.
  const text = url.replaceAll(" ", "%20");
  if (URL.canParse(text) || URL.canParse(text.replace("@/", "@localhost/"))) return { kind: "server", url };
  throw new InvalidArgumentError(
    "url",
    'is not a valid URL. Write special characters of the user or password percent-encoded ("#" as %23, "/" as %2F, "@" as %40), and the port as a number',
  );
}

function folderOf(url: string): string {
  const rest = url.slice("file:".length);
  if (rest === "" || rest === "//") throw new InvalidArgumentError("url", 'names no folder; write "file:./data" or "file:///var/lib/data"');
  if (rest.includes("\0")) throw new InvalidArgumentError("url", "contains the character U+0000, which a path cannot");
  if (!rest.startsWith("//")) return rest;
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new InvalidArgumentError(
      "url",
      `is not a folder of this machine; after "file://" comes an absolute path: "file:///var/lib/data", or write "file:./data"`,
      { cause },
    );
  }
}

function problemOf(url: string): string {
  if (url === "") return `must be ${forms}; got an empty string, perhaps from an environment variable that is not set`;
  const scheme = /^[a-z][a-z\d+.-]{0,30}:\/\//i.exec(url)?.[0];
  const got = scheme === undefined ? `got ${url.length} ${url.length === 1 ? "character" : "characters"}` : `got "${scheme}"`;
  return `must begin with postgres:// or file: (${got}). Pass "postgres://user@host:5432/database" for a server, "file:./data" for a folder, or no URL for a store in memory`;
}
