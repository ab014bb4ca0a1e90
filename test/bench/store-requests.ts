import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newMachine } from '../support/cli';
import { serveEveryRuntime, sitesOf } from '../support/every-runtime';
import { serveRegistry } from '../support/registry-server';
import type { BenchRow } from './row';

const LOGIN = { user: 'ada', password: 'correct-horse' };
/** Node comes from npm, whose digests are sha512. */
const MANIFEST = '[runtimes]\nrust = "1.86"\npython = "3.12"\ngo = "1.24"\njava = "21"\nnode = "20"\n';
const SOURCES = 'npm static.rust-lang.org github.com go.dev api.adoptium.net';

/**
 * What a registry with a token server is asked by a cold install of five runtimes: an archive each, a token, and one more for each
 * archive whose digest in the lock is not sha256. The one request whose refusal names the token server is not counted. Signatures are
 * not asked for: the fixtures' archives have none.
 */
export async function benchColdInstall(): Promise<readonly BenchRow[]> {
  const sites = await serveEveryRuntime();
  const registry = await serveRegistry({ login: LOGIN, scheme: 'bearer' });
  const reference = `${registry.origin}/team/tools`;
  const author = newMachine({ ...sitesOf(sites), POLYENV_SOURCES_ALLOWED: SOURCES });
  const colleague = newMachine({
    POLYENV_STORE: reference,
    POLYENV_STORE_MODE: 'only',
    POLYENV_VERIFY_SIGNATURES: 'off',
  });
  try {
    const config = join(author.base, 'auth.json');
    const auth = Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64');
    writeFileSync(config, JSON.stringify({ auths: { [registry.host]: { auth } } }));
    for (const machine of [author, colleague]) machine.env.REGISTRY_AUTH_FILE = config;
    const cwd = author.folder('project');
    writeFileSync(join(cwd, 'polyenv.toml'), MANIFEST);
    await run(author, ['lock'], cwd);
    await run(author, ['push', reference, '--platform', 'linux-x64'], cwd);
    registry.asked.length = 0;
    // The fixture's Python cannot make an environment, as `install` would want.
    await run(colleague, ['exec', '--', '/bin/true'], cwd);
    const asked = registry.asked.length - 1;
    const digests = installedDigests(join(colleague.polyenvHome, 'store'));
    const others = digests.filter((digest) => !digest.startsWith('sha256:')).length;
    return [
      {
        name: 'requests of a cold install of five runtimes',
        ratio: asked / (digests.length + others + 1),
        limit: 1,
        detail: `${asked} requests: ${digests.length} archives, ${others} not by sha256, a token`,
      },
    ];
  } finally {
    for (const machine of [author, colleague]) machine.remove();
    await registry.close();
    await sites.close();
  }
}

/** Of every archive in the store, from the receipts. */
function installedDigests(store: string): readonly string[] {
  const receipts = readdirSync(store).filter((name) => /\.json$/.test(name) && !name.endsWith('.files.json'));
  if (receipts.length !== 5) throw new Error(`${receipts.length} toolchains were installed`);
  return receipts.flatMap((name) => {
    const { parts } = JSON.parse(readFileSync(join(store, name), 'utf8')) as { parts: readonly { digest: string }[] };
    return parts.map(({ digest }) => digest);
  });
}

async function run(machine: ReturnType<typeof newMachine>, args: readonly string[], cwd: string): Promise<void> {
  const ran = await machine.polyenv(args, { cwd });
  if (ran.exit !== 0) throw new Error(`${args.join(' ')}: ${ran.stderr}`);
}
