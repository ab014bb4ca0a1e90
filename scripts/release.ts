import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { RELEASE_BASE } from '../src/domain/toolchain/own-release';
import { present } from '../src/domain/words/present';
import { makeEverything } from './release/everything';
import { deterministicTime } from './release/time';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const USAGE = `npm run release -- [options]: everything that a release consists of, into release/
  --out DIR         instead of release/
  --base URL        where the files will be (POLYENV_UPDATE_URL overrides it at the other end)
  --platform LIST   only these, apart by commas
  --key FILE        the secret key that signs (or POLYENV_RELEASE_KEY); without it the test key, which no network proves
  --node FILE       this program in place of Node's, for trying the installer out
  --deb             also Debian packages (needs Go)
  --final           refuse the test key and any gap
`;

/** Prints what was made, each with its digest; what could not be made is a line that says why. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      base: { type: 'string' },
      platform: { type: 'string' },
      key: { type: 'string' },
      node: { type: 'string' },
      deb: { type: 'boolean' },
      final: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const testKey = join(root, 'scripts/release/test-key.asc');
  const key = values.key ?? process.env.POLYENV_RELEASE_KEY ?? testKey;
  if (values.final && key === testKey) throw new Error('--final needs the key of the ceremony: --key FILE');
  const time = deterministicTime(root);
  const base = values.base ?? RELEASE_BASE;
  const out = resolve(values.out ?? join(root, 'release'));
  const folder = join(out, version);
  execFileSync(process.execPath, [join(root, 'node_modules/tsx/dist/cli.mjs'), join(root, 'scripts/build.ts')], {
    stdio: 'inherit',
  });

  const work = mkdtempSync(join(tmpdir(), 'polyenv-release-'));
  const platforms = values.platform?.split(',');
  const program = values.node === undefined ? undefined : resolve(values.node);
  let gaps: readonly string[];
  try {
    gaps = await makeEverything({
      ...{ root, work, out, version, base, key, time },
      ...present({ platforms, program, deb: values.deb }),
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  process.stdout.write(readFileSync(join(folder, 'SHA256SUMS'), 'utf8'));
  for (const gap of gaps) process.stdout.write(`not made  ${gap}\n`);
  if (key === testKey) process.stdout.write('signed with the test key: believed on this machine only\n');
  if (!existsSync(join(folder, 'SHA256SUMS.asc'))) throw new Error('nothing was signed');
  return values.final && gaps.length > 0 ? 1 : 0;
}

main().then(
  (exit) => {
    process.exitCode = exit;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
