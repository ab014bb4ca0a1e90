import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isExecutableFile, readTree } from '../../src/adapters/store/store';
import { discoveredFolders } from '../../src/adapters/system/discover';
import type { Runtime } from '../../src/domain/runtime/runtime';
import type { Version } from '../../src/domain/versions/version';

/** What other managers and the system really have on this machine: found, laid out, and asked for its version. */
const runtimes = fileURLToPath(new URL('../../runtimes', import.meta.url));
const known = await Promise.all(
  readdirSync(runtimes)
    .filter((file) => file.endsWith('.ts'))
    .map(async (file) => ((await import(join(runtimes, file))) as { runtime: Runtime }).runtime),
);

function programOf(runtime: Runtime, root: string): string | undefined {
  const tree = readTree(root, '0' as Version, 'linux-x64');
  const place = { toolchain: root, home: '/h', project: '/p', personHome: '/home/person', env: {} };
  const path = runtime.layout(tree, { ...place, isolation: 'default' }).commands[runtime.probe.command];
  const file = path === undefined ? undefined : join(root, path);
  return file !== undefined && isExecutableFile(file) ? file : undefined;
}

describe.runIf(process.platform === 'linux').each(known.map((runtime) => ({ id: runtime.id, runtime })))(
  '$id on this machine',
  ({ runtime }) => {
    test('says its version wherever it is found', ({ skip }) => {
      const facts = { personHome: process.env.HOME ?? '/', env: process.env, platform: 'linux-x64' as const };
      const folders = discoveredFolders((runtime.discover ?? []).flatMap((one) => one.folders(facts)));
      const programs = folders.flatMap((root) => programOf(runtime, root) ?? []).slice(0, 4);
      if (programs.length === 0) skip(`no other manager has ${runtime.id} here`);
      for (const file of programs) {
        // As polyenv asks: nothing of ours in the environment, and standard error where the output is empty.
        const script = `"$0" "$@" 2>&1`;
        const env = { PATH: '/usr/bin:/bin', HOME: '/nonexistent' };
        const output = execFileSync('/bin/sh', ['-c', script, file, ...runtime.probe.args], {
          encoding: 'utf8',
          env,
          cwd: '/',
        });
        expect(runtime.scheme.version(runtime.probe.version(output) ?? ''), `${file}: ${output}`).toBeDefined();
      }
    });
  },
);
