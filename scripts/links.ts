import packageJson from "../packages/tidemark/package.json" with { type: "json" };

const repository = packageJson.repository.url.replace(/^git\+/, "").replace(/\.git$/, "");

/** A page of the repository's root with links that work outside it. Anchors and addresses stay as they are. */
export function withAbsoluteLinks(markdown: string): string {
  return markdown.replaceAll(/\]\((?!#|[a-z]+:)([^)]+)\)/g, `](${repository}/blob/main/$1)`);
}
