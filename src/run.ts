import type { Host } from './host';

/** The whole program as a function: argv in, words out, exit status back. Never throws. */
export async function run(host: Host): Promise<number> {
  if (host.argv.length === 1 && (host.argv[0] === '--version' || host.argv[0] === '-V')) {
    host.stdout.write(`${__VERSION__}\n`);
    return 0;
  }
  const { runProgram } = await import('./cli/program');
  return runProgram(host);
}
