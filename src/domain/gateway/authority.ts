import { nameOfHost } from './local-name';

/** The name that a request is for, by its `Host` or `:authority`; `undefined` if it is not exactly a name of ours at our port. */
export function nameOfAuthority(authority: string | undefined, port: number): string | undefined {
  const match = /^([A-Za-z0-9.-]+)(?::(\d{1,5}))?$/.exec(authority ?? '');
  // guard: gateway-authority
  if (Number(match?.[2] ?? 443) !== port) return undefined;
  return nameOfHost(match?.[1] ?? '');
}

/** A request's target as a path: an absolute one only if its host is the request's own. `undefined`: it cannot be served. */
export function originForm(target: string, authority: string): string | undefined {
  if (target.startsWith('/') || target === '*') return target;
  const match = /^https?:\/\/([^/?#]*)([^#]*)$/i.exec(target);
  if (match?.[1]?.toLowerCase() !== authority.toLowerCase()) return undefined;
  const path = match[2] ?? '';
  return path.startsWith('/') ? path : `/${path}`;
}
