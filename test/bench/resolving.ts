import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newMachine } from '../support/cli';
import { serveEveryRuntime, sitesOf } from '../support/every-runtime';
import type { BenchRow } from './row';

/** The fixture's list of Java 17 is a full page: what stands behind it must be asked for too. */
const MOST = 2;

/** What upstream is asked to resolve a version on a machine that has never asked before. Nothing is installed. */
export async function benchResolving(): Promise<readonly BenchRow[]> {
  const sites = await serveEveryRuntime();
  const machine = newMachine(sitesOf(sites));
  try {
    const cwd = machine.folder('project');
    writeFileSync(join(cwd, 'polyenv.toml'), '[runtimes]\njava = "17"\n');
    const ran = await machine.polyenv(['lock'], { cwd });
    if (ran.exit !== 0) throw new Error(`resolving java@17: ${ran.stderr}`);
    const asked = sites.requests.map(({ path }) => path.replace(/\?.*$/, ''));
    if (asked.length === 0) throw new Error('resolving java@17 asked nobody');
    return [
      {
        name: 'resolving java@17 cold: requests',
        ratio: asked.length,
        limit: MOST,
        detail: `${asked.length} requests: ${[...new Set(asked)].join(', ')}`,
      },
    ];
  } finally {
    machine.remove();
    await sites.close();
  }
}
