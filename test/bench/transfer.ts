import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { vendored, WRAPPED } from '../../scripts/plugins';
import { discard } from '../support/discard';
import { fetchMise, miseEnvironment } from './mise';
import type { BenchRow } from './row';

/**
 * Installing and unpacking an archive like Node's (its binary and 4,499 small files) against curl, sha256sum, GNU tar and sync, and against mise where it can be had:
 * medians of seven runs that take turns, each a process of its own, on tmpfs and on the disk.
 */
export async function benchTransfer(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  if (existsSync(SHM)) rows.push(...(await benchIn(SHM, 'tmpfs')));
  rows.push(...(await benchIn(tmpdir(), 'disk')));
  return rows;
}

const SHM = '/dev/shm';
const ROUNDS = 7;
const FILES = 4500;

/** Without certificates of a company, which Node reads at its start, though nothing here needs them. */
const environment = { ...process.env, NODE_EXTRA_CA_CERTS: '' };

async function benchIn(place: string, label: string): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(place, 'polyenv-bench-'));
  const runner = join(folder, 'start.cjs');
  const options: BuildOptions = {
    bundle: true,
    minify: true,
    platform: 'node',
    supported: { 'dynamic-import': false },
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    plugins: [vendored(new Set())],
    logLevel: 'error',
  };
  await build({ ...options, entryPoints: { start: resolve(__dirname, 'transfer-start.ts') } });
  await build({ ...options, ...WRAPPED, entryPoints: { run: resolve(__dirname, 'transfer-run.ts') } });
  symlinkSync(resolve(__dirname, '../../dist/vendor'), join(folder, 'vendor'));
  const archive = makeArchive(folder);
  const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex');
  const server = spawn(process.execPath, [runner, 'serve', archive], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = await new Promise<string>((done) =>
      server.stdout.once('data', (text: Buffer) => done(`${text}`.trim())),
    );
    const url = `http://127.0.0.1:${port}/node.tar.gz`;
    let memory = 0;
    const node = (...args: string[]) => {
      const options = { encoding: 'utf8', env: environment } as const;
      memory = Math.max(memory, Number(execFileSync(process.execPath, [runner, ...args], options)));
    };
    const shell = (script: string) => {
      execFileSync('/bin/sh', ['-ec', script], { stdio: ['ignore', 'ignore', 'inherit'] });
    };
    const install = takeTurns(join(folder, 'install'), {
      ours: (into) => node('install', url, sha256, into),
      theirs: (into) =>
        shell(
          `curl -sS '${url}' -o '${into}.gz'; echo '${sha256}  ${into}.gz' | sha256sum -c; tar -xzf '${into}.gz' -C '${into}'; sync -f '${into}'`,
        ),
    });
    const mise = fetchMise(folder);
    const rival =
      mise === undefined
        ? undefined
        : takeTurns(join(folder, 'rival'), {
            ours: (into) => node('install', url, sha256, into),
            theirs: (into) => {
              const env = miseEnvironment(into, url.replace(/[^/]*$/, ''));
              execFileSync(mise, ['install', `node@${process.version.slice(1)}`], { env, stdio: 'ignore' });
            },
          });
    const unpack = takeTurns(join(folder, 'unpack'), {
      ours: (into) => node('unpack', archive, into),
      theirs: (into) => shell(`tar -xzf '${archive}' -C '${into}'`),
    });
    const megabytes = (memory - baseMemory()) / 1024;
    return [
      {
        name: `install a Node archive (${label})`,
        limit: label === 'tmpfs' ? 0.85 : 0.9,
        ...install,
        detail: `${install.detail}, both durable when they end`,
      },
      ...(rival === undefined
        ? []
        : [{ name: `install a Node archive against mise (${label})`, limit: 0.8, ...rival }]),
      { name: `unpack alone (${label})`, limit: 0.75, ...unpack },
      {
        name: `memory above Node's own (${label})`,
        ratio: megabytes,
        limit: 150,
        detail: `${megabytes.toFixed(0)} MB`,
      },
    ];
  } finally {
    server.kill();
    execFileSync('/bin/sh', ['-c', `chmod -R u+w '${folder}'`]);
    discard(folder);
  }
}

/** A Node like the real one, as `node.tar.gz` in the folder. */
export function makeArchive(folder: string): string {
  const top = join(folder, 'node-bench');
  mkdirSync(join(top, 'bin'), { recursive: true });
  copyFileSync(process.execPath, join(top, 'bin', 'node'));
  let count = 1;
  const modules = resolve(__dirname, '../../node_modules');
  for (const entry of readdirSync(modules, { recursive: true, withFileTypes: true })) {
    if (count >= FILES) break;
    const from = join(entry.parentPath, entry.name);
    if (!entry.isFile() || statSync(from).size > 40_000) continue;
    const to = join(top, 'lib', from.slice(modules.length));
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
    count += 1;
  }
  // What mise calls when it has installed a Node.
  const npm = join(top, 'lib/node_modules/npm/bin/npm-cli.js');
  mkdirSync(dirname(npm), { recursive: true });
  writeFileSync(npm, '#!/usr/bin/env node\nconsole.log("10.0.0");\n', { mode: 0o755 });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(top, 'bin/npm'));
  const archive = join(folder, 'node.tar.gz');
  execFileSync('tar', ['-czf', archive, '-C', folder, 'node-bench']);
  discard(top);
  return archive;
}

/**
 * Each run has a folder of its own. On a disk nothing is deleted in between, for ext4 is slow to reuse what was just deleted;
 * in memory it is, for a virtual machine is slow to get memory that it never had.
 */
function takeTurns(
  place: string,
  sides: { readonly ours: (into: string) => void; readonly theirs: (into: string) => void },
): { readonly ratio: number; readonly detail: string } {
  const times = { ours: [] as number[], theirs: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const side of ['ours', 'theirs'] as const) {
      const into = `${place}-${side}-${round}`;
      mkdirSync(into);
      const started = performance.now();
      sides[side](into);
      times[side].push(performance.now() - started);
      if (place.startsWith(SHM))
        execFileSync('/bin/sh', ['-c', `chmod -R u+w '${into}' && rm -rf '${into}' '${into}.gz'`]);
    }
  }
  const [ours, theirs] = [median(times.ours), median(times.theirs)];
  return { ratio: ours / theirs, detail: `${ours.toFixed(0)} ms against ${theirs.toFixed(0)} ms` };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Kilobytes. */
function baseMemory(): number {
  const script = 'process.stdout.write(String(process.resourceUsage().maxRSS))';
  return Number(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }));
}
