import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { newMachine } from '../support/cli';
import { discard } from '../support/discard';
import { type Published, sha256 } from '../support/published';
import { type Found, publishJava, publishPython, publishRust } from '../support/real-published';
import type { BenchRow } from './row';
import { median } from './transfer';

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
  const site = join(folder, `site-${tool}`);
  mkdirSync(site);
  const paths = Object.entries(files).map(([url, content], index) => {
    writeFileSync(join(site, String(index)), content);
    return [url.replace('https://', '/'), String(index)] as const;
  });
  writeFileSync(join(site, 'paths.json'), JSON.stringify(Object.fromEntries(paths)));
  const server = spawn(process.execPath, ['-e', SERVER, site], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = await new Promise<string>((done) =>
      server.stdout.once('data', (text: Buffer) => done(`${text}`.trim())),
    );
    const base = `http://127.0.0.1:${port}`;
    const archives = Object.entries(files).flatMap(([url, content]) =>
      url.endsWith('.tar.gz') ? [{ url: url.replace('https://', `${base}/`), sum: sha256(content) }] : [],
    );
    const actions: Record<string, (into: string) => void> = {
      polyenv: (into) => polyenv(into, { base, files: Object.keys(files), pin: `${tool}@${found.request}` }),
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
    server.kill();
    discard(site);
  }
}

/** Serves `/HOST/PATH?QUERY` from numbered files, in a process of its own. */
const SERVER = `
const { createReadStream, readFileSync, statSync } = require('node:fs');
const site = process.argv[1];
const paths = JSON.parse(readFileSync(site + '/paths.json', 'utf8'));
const server = require('node:http').createServer((request, response) => {
  const name = paths[request.url] ?? paths[decodeURIComponent(request.url)];
  if (name === undefined) return response.writeHead(404).end();
  const file = site + '/' + name;
  response.writeHead(200, { 'content-length': statSync(file).size });
  createReadStream(file, { highWaterMark: 2 ** 20 }).pipe(response);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

function polyenv(
  into: string,
  of: { readonly base: string; readonly files: readonly string[]; readonly pin: string },
): void {
  const hosts = [...new Set(of.files.map((url) => new URL(url).origin))];
  const mirrors = hosts.map((origin) => `${origin}=${origin.replace('https://', `${of.base}/`)}`).join(' ');
  const machine = newMachine();
  try {
    const env = {
      ...machine.env,
      POLYENV_HOME: join(into, 'home'),
      POLYENV_MIRRORS: mirrors,
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

/** uv from the package index, as pip is configured here. */
function uv(folder: string, { files }: Published): readonly Rival[] {
  const into = join(folder, 'uv');
  try {
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', into, 'uv'];
    execFileSync('python3', pip, { stdio: 'ignore' });
  } catch {
    console.log('      uv: not measured, no package index has it here');
    return [];
  }
  const [url = '', content = ''] = Object.entries(files).find(([name]) => name.endsWith('.tar.gz')) ?? [];
  const [version = '', major, minor, patch] = /cpython-(\d+)\.(\d+)\.(\d+)/.exec(basename(url)) ?? [];
  const install = (place: string, base: string): void => {
    const list = join(place, 'list.json');
    const entry = {
      name: 'cpython',
      arch: { family: 'x86_64', variant: null },
      os: 'linux',
      libc: 'gnu',
      major: Number(major),
      minor: Number(minor),
      patch: Number(patch),
      prerelease: '',
      url: url.replace('https://', `${base}/`),
      sha256: sha256(content),
      variant: null,
      build: '20260814',
    };
    writeFileSync(list, JSON.stringify({ [`${version}-linux-x86_64-gnu`]: entry }));
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: place,
      UV_PYTHON_INSTALL_DIR: join(place, 'pythons'),
      UV_PYTHON_BIN_DIR: join(place, 'bin'),
      UV_CACHE_DIR: join(place, 'cache'),
      UV_PYTHON_DOWNLOADS_JSON_URL: list,
    };
    const request = [major, minor, patch].join('.');
    execFileSync(join(into, 'bin/uv'), ['python', 'install', request], { cwd: place, env, stdio: 'ignore' });
  };
  return [{ name: 'uv (to compare)', limit: Number.POSITIVE_INFINITY, install }];
}

/** Medians by name; every run has a folder of its own, taken away after it. One round warms up. */
function takeTurns(
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
