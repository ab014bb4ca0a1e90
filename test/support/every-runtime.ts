import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Published } from './published';
import { serveUpstreams, type UpstreamServer } from './upstream-server';

const fixtures = fileURLToPath(new URL('../fixtures/upstreams', import.meta.url));

/** A server of every official site's layout, with tiny toolchains of every runtime. */
export async function serveEveryRuntime(): Promise<UpstreamServer> {
  const known = await Promise.all(
    readdirSync(fixtures).map(
      async (file) => ((await import(join(fixtures, file))) as { published: Published }).published,
    ),
  );
  return serveUpstreams(known);
}

/** The environment of a person for whom that server is every official site, and npm's registry. */
export function sitesOf(server: UpstreamServer): Record<string, string> {
  return {
    POLYENV_MIRRORS: Object.entries(server.mirrors)
      .map(([from, to]) => `${from}=${to}`)
      .join(' '),
    // Java's archives are signed by keys that have no place here.
    POLYENV_VERIFY_SIGNATURES: 'off',
    POLYENV_NETWORK_RETRIES: '0',
    npm_config_registry: server.registry,
  };
}
