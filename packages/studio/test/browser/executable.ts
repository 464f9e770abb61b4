import { existsSync } from "node:fs";

const places = [process.env["TIDEMARK_CHROMIUM"], "/usr/lib/chromium/chromium", "/usr/bin/chromium", "/usr/bin/google-chrome"];

/** Debian's package `chromium`. */
export const executable: string | undefined = places.find((place) => place !== undefined && existsSync(place));
