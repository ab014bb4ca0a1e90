import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newMachine } from '../support/cli';
import { type Published, sha256 } from '../support/published';
import { type Found, publishJava, publishPython, publishRust } from '../support/real-published';
import type { BenchRow } from './row';
import { openSite } from './site';
import { median } from './transfer';
import { fetchUv, uvAt } from './uv';

const ROUNDS = 5;
const SHM = '/dev/shm';

interface Rival {
  readonly name: string;
  readonly limit: number;
  install(into: string, base: string): void;
}

/**
 * Installing the toolchains of this machine by the command line, from a loopback server with the official layouts, against
 * curl, sha256sum, tar and sync of the same archives, and against rustup and uv: medians of runs that take turns. mise
 * takes its lists of JDKs and Pythons from a site of its own and Rust from rustup, so that it is measured with Node only.
 */
export async function benchToolchains(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(existsSync(SHM) ? SHM : tmpdir(), 'polyenv-bench-'));
  const rows: BenchRow[] = [];
  try {
    const sides: readonly (readonly [
      tool: string,
      publish: (scratch: string) => Found,
      rivals: (found: Published) => readonly Rival[],
    ])[] = [
      ['rust', publishRust, () => rustup()],
      ['java', publishJava, () => []],
      ['python', publishPython, (published) => uv(folder, published)],
    ];
    for (const [tool, publish, rivalsOf] of sides) {
      const found = publish(folder);
      if ('absent' in found) console.log(`      ${tool}: not measured, ${found.absent}`);
      else rows.push(...(await benchOne(folder, { tool, found, rivals: rivalsOf(found.published) })));
    }
    return rows;
  } finally {
    execFileSync('/bin/sh', ['-c', `chmod -R u+w '${folder}'; rm -rf '${folder}'`]);
  }
}

async function benchOne(
  folder: string,
  of: { readonly tool: string; readonly found: Exclude<Found, { absent: string }>; readonly rivals: readonly Rival[] },
): Promise<readonly BenchRow[]> {
  const { tool, found, rivals } = of;
  const { files } = found.published;
  const site = await openSite(join(folder, `site-${tool}`), files);
  const { base } = site;
  try {
    const archives = Object.entries(files).flatMap(([url, content]) =>
      url.endsWith('.tar.gz') ? [{ url: url.replace('https://', `${base}/`), sum: sha256(content) }] : [],
    );
    const actions: Record<string, (into: string) => void> = {
      polyenv: (into) => polyenv(into, { mirrors: site.mirrors, pin: `${tool}@${found.request}` }),
      'curl, sha256sum, tar, sync': (into) => floor(into, archives),
      ...Object.fromEntries(rivals.map((rival) => [rival.name, (into: string) => rival.install(into, base)])),
    };
    const times = takeTurns(join(folder, tool), actions);
    const ours = times.get('polyenv') ?? Number.NaN;
    const limits: Readonly<Record<string, number>> = Object.fromEntries(rivals.map(({ name, limit }) => [name, limit]));
    const megabytes = Object.values(files).reduce((sum, content) => sum + content.length, 0) / 1e6;
    return [...times].flatMap(([name, theirs]) =>
      name === 'polyenv'
        ? []
        : [
            {
              name: `install ${tool} (${archives.length} archives) against ${name}`.slice(0, 80),
              ratio: ours / theirs,
              limit: limits[name] ?? 0.9,
              detail: `${ours.toFixed(0)} ms against ${theirs.toFixed(0)} ms, ${megabytes.toFixed(0)} MB packed`,
            },
          ],
    );
  } finally {
    site.close();
  }
}

function polyenv(into: string, of: { readonly mirrors: string; readonly pin: string }): void {
  const machine = newMachine();
  try {
    const env = {
      ...machine.env,
      POLYENV_HOME: join(into, 'home'),
      POLYENV_MIRRORS: of.mirrors,
      POLYENV_VERIFY_SIGNATURES: 'off',
      NODE_EXTRA_CA_CERTS: '',
    };
    execFileSync(process.execPath, [machine.program, 'exec', of.pin, '--', '/bin/true'], {
      cwd: into,
      env,
      stdio: 'ignore',
    });
  } finally {
    machine.remove();
  }
}

function floor(into: string, archives: readonly { readonly url: string; readonly sum: string }[]): void {
  const steps = archives.map(
    ({ url, sum }, index) =>
      `curl -sSf '${url}' -o ${index}.gz; echo '${sum}  ${index}.gz' | sha256sum -c; tar -xzf ${index}.gz -C '${into}'`,
  );
  const script = `cd '${into}'; ${steps.join('; ')}; sync -f .`;
  execFileSync('/bin/sh', ['-ec', script], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The person's own rustup, into a home of its own. */
function rustup(): readonly Rival[] {
  const program = join(process.env.HOME ?? '/', '.cargo/bin/rustup');
  const toolchain = readdirSync(join(program, '../../../.rustup/toolchains')).find((name) =>
    /^\d+\.\d+\.\d+-/.test(name),
  );
  if (!existsSync(program) || toolchain === undefined) {
    console.log('      rustup: not measured, it is not here');
    return [];
  }
  const install = (into: string, base: string): void => {
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: into,
      RUSTUP_HOME: join(into, 'rustup'),
      CARGO_HOME: join(into, 'cargo'),
      RUSTUP_DIST_SERVER: `${base}/static.rust-lang.org`,
    };
    const wanted = ['--profile', 'minimal', '--component', 'clippy,rustfmt', '--no-self-update'];
    execFileSync(program, ['toolchain', 'install', toolchain, ...wanted], { cwd: into, env, stdio: 'ignore' });
  };
  return [{ name: 'rustup', limit: 1, install }];
}

function uv(folder: string, published: Published): readonly Rival[] {
  const program = fetchUv(folder);
  if (program === undefined) {
    console.log('      uv: not measured, no package index has it here');
    return [];
  }
  const install = (place: string, base: string): void => {
    const { env, request } = uvAt(place, { base, published });
    execFileSync(program, ['python', 'install', request], { cwd: place, env, stdio: 'ignore' });
  };
  return [{ name: 'uv (to compare)', limit: Number.POSITIVE_INFINITY, install }];
}

/** Medians by name; every run has a folder of its own, taken away after it. One round warms up. */
export function takeTurns(
  place: string,
  actions: Readonly<Record<string, (into: string) => void>>,
): ReadonlyMap<string, number> {
  const times = new Map<string, number[]>();
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, action] of Object.entries(actions)) {
      const into = `${place}-${round}`;
      mkdirSync(into);
      const started = performance.now();
      action(into);
      const took = performance.now() - started;
      if (round > 0) times.set(name, [...(times.get(name) ?? []), took]);
      execFileSync('/bin/sh', ['-c', `chmod -R u+w '${into}'; rm -rf '${into}'`]);
    }
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}
