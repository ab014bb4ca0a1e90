import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { capture } from '../children/capture';

/**
 * A copy of a folder with owners, modes, links and times, sharing blocks with the original where the file system can; to a
 * path that is not there yet. Throws `disk-full` and `failed`.
 */
export async function copyTree(host: Host, from: string, to: string): Promise<void> {
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };
  // Where neither is known (busybox), a plain copy.
  const script =
    host.os === 'darwin'
      ? 'cp -pRc "$1" "$2" 2>/dev/null || { rm -rf "$2"; cp -pR "$1" "$2"; }'
      : 'if cp --help 2>&1 | grep -q -- --reflink; then cp -a --reflink=auto "$1" "$2"; else cp -a "$1" "$2"; fi';
  const { exit, stderr } = await capture(
    { file: '/bin/sh', args: ['-c', script, 'copy', from, to], env, cwd: '/' },
    COPY_TIME,
  );
  if (exit === 0) return;
  if (/no space left|disk quota/i.test(stderr)) {
    throw new PolyenvError('disk-full', `no space is left for a copy of ${from}`, {
      hint: 'polyenv size shows what polyenv holds; df -h shows the disk',
    });
  }
  throw new PolyenvError('failed', `${from} cannot be copied: ${stderr.trim().split('\n')[0]}`);
}

const COPY_TIME = 3_600_000;
