/**
 * Whether the request was sent to a name that this studio answers to. A page of another site whose name leads to this machine (DNS rebinding) sends
 * its own name. What proxies say of it, `X-Forwarded-Host`, is not asked: anybody can send that.
 *
 * @param hosts - In lower case, with or without a port. Without one, any port fits.
 */
export function isOwnHost(host: string | null, hosts: readonly string[]): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[^:\s/@?#,]+)(?::(\d{1,5}))?$/i.exec(host ?? "");
  if (!match) return false;
  const [whole, name = ""] = match;
  return hosts.includes(whole.toLowerCase()) || hosts.includes(name.toLowerCase());
}
