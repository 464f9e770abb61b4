/** The one page, for every path. @param basePath - It is checked: nothing in it has to be escaped. */
export function pageHtml(basePath: string): string {
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
</head>
<body><div id="studio"></div><noscript>Tidemark Studio needs JavaScript.</noscript></body>
</html>
`;
}

/** What somebody sees who may not look. Texts are the studio's own, but for a host name, which is escaped. */
export function refusalHtml(title: string, detail: string): string {
  const escaped = detail.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${title} · Tidemark Studio</title></head>
<body><main><h1>${title}</h1><p>${escaped}</p></main></body>
</html>
`;
}
