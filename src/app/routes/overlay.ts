import { lstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureFolder, readTextIfAny, removeTree, writeAtomic } from '../../adapters/files/fs';
import { environmentFolder } from '../../adapters/home/paths';
import { capture, scrubbedEnv } from '../../adapters/system/spawn';
import type { RoutedOverlay, RoutedRuntime } from '../../domain/routes/environment';
import type { Overlay } from '../../domain/runtime/layout';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';

const MAKE_TIMEOUT = 180_000;

/** What polyenv noted of an overlay that it made: outside the project, where no repository can put one. */
interface OverlayReceipt {
  readonly path: string;
  readonly toolchain: string;
  readonly version: string;
  /** Of the folder: a copied or replaced one is another. */
  readonly inode: number;
}

/** An overlay is used if polyenv made it and it still is that folder; one that a repository brought is not. */
export async function routeOverlay(ctx: Context, folder: string, overlay: Overlay): Promise<RoutedOverlay> {
  const path = join(folder, overlay.folder);
  const receipt = await readReceipt(ctx, folder, overlay);
  return { ...overlay, path, ready: receipt !== undefined && receipt.path === path && stands(path, overlay, receipt) };
}

/**
 * Makes the overlays of the environment that are missing, and makes those of polyenv's own anew whose runtime changed.
 * One that is a link, or that another tool made, is left alone and told.
 */
export async function ensureOverlays(ctx: Context, runtimes: readonly RoutedRuntime[]): Promise<void> {
  for (const { overlay, commands, toolchain, version } of runtimes) {
    if (overlay === undefined) continue;
    const folder = dirname(overlay.path);
    const receipt = await readReceipt(ctx, folder, overlay);
    const found = lstatSync(overlay.path, { throwIfNoEntry: false });
    if (found !== undefined && !overlay.ready) {
      const what = found.isSymbolicLink() ? 'is a link, which polyenv does not follow' : 'was not made by polyenv';
      ctx.emit({
        type: 'warning',
        text: `${overlay.path} ${what}, so the commands of ${toolchain} are used directly`,
        hint: `remove it and run: polyenv install`,
      });
      continue;
    }
    if (overlay.ready && receipt !== undefined && sameLine(receipt.version, version)) continue;
    if (overlay.ready) {
      ctx.emit({
        type: 'warning',
        text: `${overlay.path} was made by ${receipt?.version ?? 'another version'}; it is made anew for ${version}, without what was installed in it`,
      });
      await removeTree(overlay.path);
    }
    const [command, ...args] = overlay.make;
    const file = commands[command];
    if (file === undefined) continue;
    ctx.emit({ type: 'note', text: `making ${overlay.path}` });
    const env = { ...scrubbedEnv(ctx.host), HOME: ctx.host.personHome };
    const made = await capture({ file, args: [...args, overlay.path], env, cwd: '/' }, MAKE_TIMEOUT);
    if (made.exit !== 0) {
      await removeTree(overlay.path);
      throw new PolyenvError(
        'child-failed',
        `${overlay.path} could not be made: ${(made.stderr || made.stdout).trim().split('\n').pop() ?? ''}`,
        { hint: [file, ...args, overlay.path].join(' ') },
      );
    }
    const note: OverlayReceipt = { path: overlay.path, toolchain, version, inode: lstatSync(overlay.path).ino };
    await ensureFolder(environmentFolder(ctx.home, folder));
    await writeAtomic(receiptFile(ctx, folder, overlay), `${JSON.stringify({ schema: 1, ...note })}\n`);
  }
}

function stands(path: string, overlay: Overlay, receipt: OverlayReceipt): boolean {
  try {
    const found = lstatSync(path);
    return (
      found.isDirectory() &&
      found.ino === receipt.inode &&
      readFileSync(join(path, overlay.marker), 'utf8').includes(receipt.toolchain)
    );
  } catch {
    return false;
  }
}

/** `3.11.7` and `3.11.9` share what was installed; `3.12` does not. */
function sameLine(a: string, b: string): boolean {
  return a.split('.').slice(0, 2).join('.') === b.split('.').slice(0, 2).join('.');
}

async function readReceipt(ctx: Context, folder: string, overlay: Overlay): Promise<OverlayReceipt | undefined> {
  try {
    const value = JSON.parse((await readTextIfAny(receiptFile(ctx, folder, overlay))) ?? '') as OverlayReceipt & {
      schema?: number;
    };
    return value.schema === 1 && typeof value.path === 'string' && typeof value.inode === 'number' ? value : undefined;
  } catch {
    return undefined;
  }
}

function receiptFile(ctx: Context, folder: string, overlay: Overlay): string {
  return join(environmentFolder(ctx.home, folder), `overlay-${overlay.variable.toLowerCase()}.json`);
}
