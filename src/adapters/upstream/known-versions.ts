import { join } from 'node:path';
import { present } from '../../domain/words/present';
import { ensureFolder, readTextIfAny } from '../files/fs';
import { writeAtomic } from '../files/write-atomic';
import type { Home } from '../home/paths';

/** The most versions of one tool that are kept. */
const MOST = 3000;

/** A version with the long-term line (`iron`; empty where lines have no name) and the channel that it is on. */
export interface KeptRelease {
  readonly version: string;
  readonly lts?: string;
  readonly channel?: string;
}

/** Keeps what a source offered, one version a line, for what may neither ask the network nor read whole indexes. */
export async function keepReleases(home: Home, tool: string, releases: readonly KeptRelease[]): Promise<void> {
  const text = releases
    .filter(({ version, lts = '', channel = '' }) => isWord(version) && isLine(lts) && isLine(channel))
    .slice(0, MOST)
    .map(({ version, lts, channel }) =>
      [version, ...(lts === undefined ? [] : [`lts=${lts}`]), ...(channel === undefined ? [] : [`channel=${channel}`])]
        .join(' ')
        .concat('\n'),
    )
    .join('');
  const file = fileOf(home, tool);
  try {
    if (text === '' || (await readTextIfAny(file)) === text) return;
    await ensureFolder(home.cache);
    await writeAtomic(file, text);
  } catch {
    // A home that cannot be written still resolves.
  }
}

/** The releases kept for a tool, in the order in which they were. */
export async function keptReleases(home: Home, tool: string): Promise<readonly KeptRelease[]> {
  if (!/^[a-z][a-z0-9]*$/.test(tool)) return [];
  const text = await readTextIfAny(fileOf(home, tool)).catch(() => undefined);
  return (text ?? '')
    .split('\n')
    .slice(0, MOST)
    .flatMap((line) => {
      const [version = '', ...facts] = line.split(' ');
      if (!isWord(version) || !facts.every((one) => /^(?:lts|channel)=/.test(one))) return [];
      const fact = (name: string): string | undefined =>
        facts.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
      const [lts, channel] = [fact('lts'), fact('channel')];
      return [{ version, ...present({ lts, channel }) }];
    });
}

/** The versions kept for a tool, in the order in which they were. */
export async function keptVersions(home: Home, tool: string): Promise<readonly string[]> {
  return (await keptReleases(home, tool)).map(({ version }) => version);
}

function fileOf(home: Home, tool: string): string {
  return join(home.cache, `${tool}.versions`);
}

function isWord(text: string): boolean {
  return /^[\w.+~-]{1,100}$/.test(text);
}

function isLine(text: string): boolean {
  return /^[\w.+/~-]{0,100}$/.test(text);
}
