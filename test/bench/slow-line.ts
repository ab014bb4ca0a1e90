import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { vendored } from '../../scripts/plugins';
import { discard } from '../support/discard';
import type { BenchRow } from './row';
import { makeArchive } from './transfer';

const ROUNDS = 3;
/** 100 Mbit/s, in bytes a second. */
const RATE = 12_500_000;

/**
 * The same Node over a line of 100 Mbit/s that nobody has measured yet: ours begins the .tar.gz and goes over to the .tar.xz,
 * curl takes the .tar.gz.
 */
export async function benchSlowLine(): Promise<readonly BenchRow[]> {
  if (!existsSync('/usr/bin/xz')) return [];
  const folder = mkdtempSync(join(tmpdir(), 'polyenv-bench-slow-'));
  const runner = join(folder, 'start.cjs');
  await build({
    entryPoints: { start: resolve(__dirname, 'transfer-start.ts'), run: resolve(__dirname, 'transfer-run.ts') },
    bundle: true,
    minify: true,
    platform: 'node',
    supported: { 'dynamic-import': false },
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    plugins: [vendored(new Set())],
    logLevel: 'error',
  });
  symlinkSync(resolve(__dirname, '../../dist/vendor'), join(folder, 'vendor'));
  const larger = makeArchive(folder);
  const smaller = larger.replace(/gz$/, 'xz');
  execFileSync('/bin/sh', ['-ec', `gzip -dc '${larger}' | xz -6 -T0 -c > '${smaller}'`]);
  const sums = [larger, smaller].map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'));
  const server = spawn(process.execPath, [runner, 'trickle', folder, String(RATE)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const port = await new Promise<string>((done) =>
      server.stdout.once('data', (text: Buffer) => done(`${text}`.trim())),
    );
    const [gz, xz] = [larger, smaller].map((file) => `http://127.0.0.1:${port}/${file.split('/').pop()}`);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const into = join(folder, `ours-${round}`);
      ours.push(
        time(() => {
          execFileSync(process.execPath, [runner, 'choose', `${gz}`, `${sums[0]}`, `${xz}`, `${sums[1]}`, into], {
            stdio: ['ignore', 'ignore', 'inherit'],
            env: { ...process.env, NODE_EXTRA_CA_CERTS: '' },
          });
        }),
      );
      const other = join(folder, `theirs-${round}`);
      mkdirSync(other);
      const script = `curl -sS '${gz}' | tee '${other}.gz' | sha256sum; tar -xzf '${other}.gz' -C '${other}'; sync -f '${other}'`;
      theirs.push(time(() => void execFileSync('/bin/sh', ['-ec', script], { stdio: 'ignore' })));
    }
    const [a, b] = [median(ours), median(theirs)];
    const sizes = [larger, smaller].map((file) => `${(statSync(file).size / 1e6).toFixed(0)} MB`);
    return [
      {
        name: 'install a Node archive over 100 Mbit/s',
        ratio: a / b,
        limit: 0.75,
        detail: `${a.toFixed(0)} ms against ${b.toFixed(0)} ms; ${sizes.join(' and ')}`,
      },
    ];
  } finally {
    server.kill();
    execFileSync('/bin/sh', ['-c', `chmod -R u+w '${folder}'`]);
    discard(folder);
  }
}

function time(action: () => void): number {
  const begun = performance.now();
  action();
  return performance.now() - begun;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
