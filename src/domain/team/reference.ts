/** One repository of a registry: `registry.example/team/toolchains`. */
export interface Reference {
  /** As written; without one, https, and for a loopback host whichever answers. */
  readonly scheme?: 'http' | 'https';
  /** With its port; an IPv6 address in brackets. */
  readonly host: string;
  readonly repository: string;
}

/** What the text means, or why it is no repository of a registry, in words that follow `it `. */
export function parseReference(text: string): Reference | { readonly problem: string } {
  if (text.length > LONGEST) return { problem: `is longer than ${LONGEST} characters` };
  const [, scheme, rest = ''] = /^(?:(https?):\/\/)?(.*)$/s.exec(text) ?? [];
  const slash = rest.indexOf('/');
  if (slash < 1) return { problem: 'must be HOST/REPOSITORY, such as registry.example/team/toolchains' };
  const host = rest.slice(0, slash).toLowerCase();
  const repository = rest.slice(slash + 1);
  if (host.includes('@'))
    return { problem: 'must not carry a user or a password: log in by docker login or podman login' };
  if (!HOST.test(host) || !URL.canParse(`https://${host}/`))
    return { problem: 'does not begin with the name of a host' };
  const isName = host.includes('.') || host.includes(':') || host === 'localhost';
  if (!isName) return { problem: `begins with ${host}, which is no full name of a host` };
  if (repository.includes('@')) return { problem: 'must not name a digest: polyenv chooses what it reads' };
  if (/:[^/]*$/.test(repository)) return { problem: 'must not name a tag: polyenv chooses the tags' };
  if (!REPOSITORY.test(repository)) {
    return {
      problem: 'has a repository with other characters than small letters, digits and single . _ - between them',
    };
  }
  return { ...(scheme !== undefined && { scheme: scheme as 'http' | 'https' }), host, repository };
}

export function formatReference({ scheme, host, repository }: Reference): string {
  return `${scheme === undefined ? '' : `${scheme}://`}${host}/${repository}`;
}

/** A repository's name has at most 255 characters; the rest is for the host. */
const LONGEST = 512;
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\d{1,5})?$/;
/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */
const REPOSITORY = /^(?=.{1,255}$)[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
