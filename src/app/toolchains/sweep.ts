import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn, removeTree } from '../../adapters/files/fs';
import { isHeld, withLock } from '../../adapters/home/lock';
import { removeToolchain } from '../../adapters/store/store';
import { isStoreKey } from '../../domain/toolchain/toolchain';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';

/** Takes away what killed installs and removals left: their trees, their locks, and archives half taken from a bundle. What somebody is at work on stays. */
export async function sweepLeftovers(ctx: Context): Promise<void> {
  const { home, host, emit } = ctx;
  const staged = (await namesIn(home.tmp)).map((name) => name.replace(/^removed-/, ''));
  const locked = (await namesIn(home.locks)).flatMap((name) => /^(.+?)\.lock\b/.exec(name)?.[1] ?? []);
  for (const key of new Set([...staged, ...locked].filter(isStoreKey))) {
    await ifNobodyIs(() =>
      withLock(
        { home, host, emit: () => undefined, name: key, purpose: `tidying up after ${key}`, timeout: 0 },
        async () => {
          await removeTree(join(home.tmp, key));
          // A tree without a place is half published or half removed: so is what describes it.
          if (existsSync(join(home.store, key))) await removeTree(join(home.tmp, `removed-${key}`));
          else await removeToolchain(home, key);
        },
      ),
    );
  }
  for (const name of locked.filter((name) => name !== 'bundle' && !isStoreKey(name))) {
    await ifNobodyIs(() =>
      withLock({ home, host, emit: () => undefined, name, purpose: 'tidying up', timeout: 0 }, async () => undefined),
    );
  }
  const halves = (await namesIn(home.downloads)).filter((name) => name.endsWith('.bundle'));
  if (halves.length === 0 && !locked.includes('bundle')) return;
  await ifNobodyIs(() =>
    withLock({ home, host, emit, name: 'bundle', purpose: 'tidying up after a bundle', timeout: 0 }, async () => {
      for (const name of halves) await removeTree(join(home.downloads, name));
    }),
  );
}

/** Trees that a killed install or removal left in `tmp/`, by their paths; what somebody is at work on is none. Takes nothing away. */
export async function findLeftovers({ home, host }: Context): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await namesIn(home.tmp)) {
    const key = name.replace(/^removed-/, '');
    if (isStoreKey(key) && !(await isHeld({ home, host, name: key }))) found.push(join(home.tmp, name));
  }
  return found;
}

async function ifNobodyIs(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof PolyenvError) || error.code !== 'busy') throw error;
  }
}
