import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/**
 * A secret of 256 bits, new at each start. It comes in the address that the command prints, and stays in a cookie that no script and no other site
 * can use. There is no limit to wrong guesses: nobody finds it by guessing.
 */
export class Token {
  readonly value: string;
  /** Cookies do not know ports: two studios of one machine need two names. */
  readonly #cookie: string;
  readonly #path: string;

  /** @param value - One that clients know already. */
  constructor(basePath: string, value: string = randomBytes(32).toString("base64url")) {
    this.value = value;
    this.#cookie = `tidemark-studio-${createHash("sha256").update(value).digest("hex").slice(0, 12)}`;
    this.#path = basePath === "" ? "/" : basePath;
  }

  /** In the address, as `?token=`. */
  isInAddress(url: URL): boolean {
    return this.#is(url.searchParams.get("token"));
  }

  isIn(headers: Headers): boolean {
    const [, bearer] = /^Bearer (.+)$/i.exec(headers.get("authorization") ?? "") ?? [];
    if (this.#is(bearer ?? null)) return true;
    const cookies = (headers.get("cookie") ?? "").split(/;\s*/);
    return cookies.some((cookie) => cookie.startsWith(`${this.#cookie}=`) && this.#is(cookie.slice(this.#cookie.length + 1)));
  }

  get setCookie(): string {
    return `${this.#cookie}=${this.value}; HttpOnly; SameSite=Strict; Path=${this.#path}`;
  }

  /** Digests have one length, and comparing them takes one time. */
  #is(given: string | null): boolean {
    return given !== null && timingSafeEqual(digest(given), digest(this.value));
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
