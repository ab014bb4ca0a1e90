import { existsSync } from 'node:fs';
import { homeOf } from './adapters/home/paths';
import type { Host } from './host';

/** Loads the program; `folder` is where compiled code may be kept, absent if it is not known. */
export type Load = (folder: string | undefined) => Promise<{ readonly runProgram: (host: Host) => Promise<number> }>;

/** The whole program as a function: argv in, words out, exit status back. Never throws. */
export async function run(host: Host, load: Load = () => import('./cli/program')): Promise<number> {
  if (asksVersion(host.argv)) {
    const json = host.argv.includes('--json');
    host.stdout.write(json ? `${JSON.stringify({ schema: 1, version: __VERSION__ })}\n` : `${__VERSION__}\n`);
    return 0;
  }
  const { runProgram } = await load(cacheFolder(host));
  return runProgram(host);
}

function asksVersion(argv: readonly string[]): boolean {
  return argv.every((word) => word.startsWith('-')) && argv.some((word) => word === '--version' || word === '-V');
}

/** Nothing is made where polyenv has no home yet. What is wrong with a home, the program itself reports. */
function cacheFolder(host: Host): string | undefined {
  try {
    const { root, code } = homeOf(host);
    return existsSync(root) ? code : undefined;
  } catch {
    return undefined;
  }
}
