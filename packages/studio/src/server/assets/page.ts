/**
 * The one page, for every path.
 *
 * @param basePath - It is checked: nothing in it has to be escaped.
 * @param asked - The addresses that its script will ask first. The browser asks them while it loads the script, and the script gets those answers.
 */
export function pageHtml(basePath: string, asked: readonly string[]): string {
  // As the script asks: in the mode cors, with this site's cookies.
  const questions = asked.map((address) => `<link rel="preload" as="fetch" crossorigin="anonymous" href="${escaped(address)}">\n`).join("");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="tidemark-base" content="${basePath}">
<title>Tidemark Studio</title>
<link rel="icon" href="${basePath}/assets/icon.svg">
<link rel="stylesheet" href="${basePath}/assets/studio.css">
<script type="module" src="${basePath}/assets/studio.js"></script>
${questions}</head>
<body><div id="studio"></div><noscript>Tidemark Studio needs JavaScript.</noscript></body>
</html>
`;
}

/** What somebody sees who may not look. Texts are the studio's own, but for a host name, which is escaped. */
export function refusalHtml(title: string, detail: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${title} · Tidemark Studio</title></head>
<body><main><h1>${title}</h1><p>${escaped(detail)}</p></main></body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
