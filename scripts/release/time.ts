import { execFileSync } from 'node:child_process';

/** The one moment that a release bears: https://reproducible-builds.org/docs/source-date-epoch/, else the last commit's. */
export function deterministicTime(root: string): Date {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined && /^\d+$/.test(given)) return new Date(Number(given) * 1000);
  try {
    const text = execFileSync('git', ['log', '-1', '--format=%ct'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return new Date(Number(text.trim()) * 1000);
  } catch {
    throw new Error('this is no checkout of git: set SOURCE_DATE_EPOCH to the time that the release bears');
  }
}
