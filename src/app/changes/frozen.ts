import { existsSync } from 'node:fs';
import { lockDifferences } from '../../domain/toolchain/lockfile';
import type { ToolRequest } from '../../domain/versions/request';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import type { FolderLock } from '../project/locks';

/** What a folder's decisions lack in its lock, for this platform. Throws `lock-missing` or `lock-stale`. */
export function checkFrozen(ctx: Context, at: FolderLock, requests: readonly ToolRequest[]): void {
  if (at.lock.entries.length === 0 && existsSync(at.path)) {
    throw new PolyenvError(
      'frozen-linked',
      '--frozen installs exactly the lock, and it holds nothing: what was pinned here was linked',
      {
        where: { file: at.path },
        hint: 'polyenv lock, where a source can be reached, then commit polyenv.lock',
      },
    );
  }
  if (at.lock.entries.length === 0) {
    throw new PolyenvError('lock-missing', '--frozen installs exactly the lock, and there is none', {
      where: { file: at.path },
      hint: 'polyenv lock, then commit polyenv.lock',
    });
  }
  const differences = lockDifferences(at.lock, requests, ctx.platform);
  if (differences.length > 0) {
    throw new PolyenvError('lock-stale', differences.map((difference) => difference.text).join('; '), {
      where: { file: at.path },
      // `polyenv lock` keeps an entry that answers the request, whichever platforms it lacks.
      hint: `polyenv lock${differences.every(({ kind }) => kind === 'platform') ? ' --renew' : ''}, then commit polyenv.lock`,
    });
  }
}
