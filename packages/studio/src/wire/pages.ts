/** The paths below which the server serves the page; the browser shows what stands there. */
export const pagePaths: readonly string[] = ["/", "/streams", "/stream", "/event"];
