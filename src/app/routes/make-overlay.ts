import { createHash, randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readlinkSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ensureFolder, readTextIfAny, removeTree } from '../../adapters/files/fs';
import { translateFsError } from '../../adapters/files/fs-errors';
import { realPathIfAny, realPathOr } from '../../adapters/files/real-path';
import { writeAtomic } from '../../adapters/files/write-atomic';
import { withLock } from '../../adapters/home/lock';
import { readOverlay } from '../../adapters/routes/overlay';
import type { RoutedOverlay, RoutedToolchain } from '../../domain/routes/environment';
import { refusalError } from '../../domain/routes/routed-overlay';
import { sameLine } from '../../domain/routes/venv-choice';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { withNeed } from '../toolchains/room';
import { isOwn, noteFinished, noteOverlay, noteUnfinished, readUnfinished, type Unfinished } from './overlay-notes';
import { packagesIn } from './overlay-packages';
import { MAKE_TIMEOUT, makeSeeded, run, seedOverlay, type WithOverlay } from './seed-overlay';

const INSTALL_TIMEOUT = 600_000;

/**
 * Makes the `.venv`s of the environment that are missing, and joins polyenv's own to a new patch of the same line. With
 * `anew`, for verbs by which a person asks for it, one that cannot be used is made anew: its packages are listed first,
 * installed again, and until that is done the old folder stays; with `keep` it stays as it is. With `refuse`, for an installing command, one that lacks
 * that command gets it. Throws `overlay-refused` and `child-failed`.
 */
export async function makeOverlays(
  ctx: Context,
  runtimes: readonly RoutedToolchain[],
  unusable: 'refuse' | 'anew' | 'keep',
): Promise<void> {
  for (const runtime of runtimes) {
    if (!hasOverlay(runtime) || (runtime.overlay.ready && (unusable !== 'refuse' || isWhole(runtime.overlay))))
      continue;
    const { home, host, emit, settings } = ctx;
    const { path } = runtime.overlay;
    const name = `overlay-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;
    await withLock({ home, host, name, purpose: `making ${path}`, timeout: settings.lockTimeout, emit }, () =>
      makeOverlay(ctx, runtime, unusable),
    );
  }
}

async function makeOverlay(ctx: Context, runtime: WithOverlay, unusable: 'refuse' | 'anew' | 'keep'): Promise<void> {
  const { overlay } = runtime;
  if (overlay.ready) return completeOne(ctx, runtime);
  if (unusable === 'keep' && overlay.refused !== undefined) {
    const { message, hint } = overlay.refused;
    return ctx.emit({
      type: 'warning',
      text: `${message}; it stays as it is`,
      hint: hint.replace(/^.*; to keep it: /, ''),
    });
  }
  const unfinished = await readUnfinished(ctx, overlay);
  if (unfinished !== undefined) {
    if (unusable === 'refuse' && overlay.refused !== undefined && unfinished.aside !== undefined)
      throw refusalError(overlay.refused);
    await takeBack(ctx, overlay, unfinished);
  }
  // Another process may have made it meanwhile.
  if (standsFor(runtime)) return;
  const found = lstatSync(overlay.path, { throwIfNoEntry: false });
  if (found === undefined) return makeOne(ctx, runtime);
  const isPrivate = overlay.path.startsWith(`${ctx.home.root}/`);
  if (await canRelink(ctx, runtime)) return relink(ctx, runtime);
  if (!isPrivate && overlay.refused !== undefined && (unusable === 'refuse' || !found.isDirectory()))
    throw refusalError(overlay.refused);
  return makeAnew(ctx, runtime);
}

function hasOverlay(runtime: RoutedToolchain): runtime is WithOverlay {
  return runtime.overlay !== undefined;
}

function isWhole({ commands, provides, seeds }: RoutedOverlay): boolean {
  return seeds === undefined || provides === undefined || commands.every((name) => provides[name] !== undefined);
}

/** One that another tool made without pip. */
async function completeOne(ctx: Context, runtime: WithOverlay): Promise<void> {
  const { path, commands, provides } = runtime.overlay;
  const lacking = commands.find((name) => provides?.[name] === undefined);
  ctx.emit({ type: 'note', text: `${path} has no ${lacking}: adding it` });
  const failed = await seedOverlay(ctx, runtime);
  if (failed !== undefined)
    throw new PolyenvError('child-failed', `${lacking} could not be added to ${path}: ${failed}`);
}

/** Whether what stands there is of the decided toolchain. */
function standsFor({ overlay }: WithOverlay): boolean {
  const facts = readOverlay(overlay.path, overlay);
  if (facts.kind !== 'folder' || facts.writtenFor !== undefined) return false;
  return facts.interpreter !== undefined && facts.interpreter === realPathIfAny(overlay.maker ?? '');
}

/** Back to how it was before a making that was interrupted. What has packages of its own since then is never removed. */
async function takeBack(ctx: Context, overlay: RoutedOverlay, { aside }: Unfinished): Promise<void> {
  const before = aside !== undefined && existsSync(aside) ? aside : undefined;
  if (existsSync(overlay.path)) {
    const old = before === undefined ? [] : await packagesIn(before);
    const lost = (await packagesIn(overlay.path)).filter((line) => !old.includes(line));
    if (lost.length > 0) {
      if (before !== undefined)
        ctx.emit({ type: 'warning', text: `${before} is what stood in ${overlay.path} before` });
      return noteFinished(ctx, overlay);
    }
    await removeTree(overlay.path);
  }
  if (before !== undefined) renameSync(before, overlay.path);
  await noteFinished(ctx, overlay);
}

async function makeOne(ctx: Context, runtime: WithOverlay, aside?: string): Promise<void> {
  const { overlay, toolchain, version } = runtime;
  const [, ...args] = overlay.make;
  const file = overlay.maker;
  if (file === undefined) return;
  ctx.emit({ type: 'note', text: `making ${overlay.path}` });
  await ensureFolder(dirname(overlay.path));
  await noteUnfinished(ctx, overlay, aside);
  // By its real name: its scripts outlast the link by which somebody came here.
  const path = join(realPathOr(dirname(overlay.path)), basename(overlay.path));
  try {
    // What forbids it is told in our words.
    await ensureFolder(path);
    const real = { ...runtime, overlay: { ...overlay, path } };
    const failed = await makeSeeded(ctx, real, () => run(ctx, file, [...args, path], MAKE_TIMEOUT));
    if (failed !== undefined) throw notMade(path, failed, [file, ...args, path].join(' '));
  } catch (error) {
    await removeTree(path);
    if (aside === undefined) await noteFinished(ctx, overlay);
    throw withNeed(error, overlay.folder, sizeOfSeeds(runtime));
  }
  await noteOverlay(ctx, overlay, { toolchain, version });
  if (aside === undefined) await noteFinished(ctx, overlay);
}

/** Of what it holds from the start, as archives. */
function sizeOfSeeds({ overlay, toolchain }: WithOverlay): number | undefined {
  const sizes = (overlay.seeds?.wheels ?? []).map(
    (path) => statSync(join(toolchain, path), { throwIfNoEntry: false })?.size ?? 0,
  );
  return sizes.length === 0 ? undefined : sizes.reduce((sum, size) => sum + size, 0);
}

function notMade(path: string, failed: string, hint: string): PolyenvError {
  const said = /\[Errno (\d+)\]/.exec(failed)?.[1];
  const code = ['ENOSPC', 'EDQUOT'].find((name) => said === `${constants.errno[name as 'ENOSPC']}`);
  const full = code === undefined ? undefined : translateFsError({ code }, path);
  return full ?? new PolyenvError('child-failed', `${path} could not be made: ${failed}`, { hint });
}

/** One that polyenv made, in its place, by another patch of the same line. */
async function canRelink(ctx: Context, { overlay, version }: WithOverlay): Promise<boolean> {
  const facts = readOverlay(overlay.path, overlay);
  if (facts.kind !== 'folder' || facts.version === undefined || facts.writtenFor !== undefined) return false;
  return sameLine(facts.version, version) && (await isOwn(ctx, overlay));
}

/** As `python -m venv --upgrade`: what is installed stays. Each link and the marker are replaced by one rename. */
async function relink(ctx: Context, runtime: WithOverlay): Promise<void> {
  const { overlay, commands, toolchain, version } = runtime;
  const folder = join(overlay.path, overlay.bin);
  const main = overlay.maker ?? '';
  const marker = join(overlay.path, overlay.marker);
  const old = (await readTextIfAny(marker)) ?? '';
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!lstatSync(path).isSymbolicLink() || !readlinkSync(path).startsWith('/')) continue;
    const fresh = `${path}.${randomBytes(4).toString('hex')}`;
    symlinkSync(commands[name] ?? main, fresh);
    renameSync(fresh, path);
  }
  const text = old
    .replace(/^home\s*=.*$/m, `home = ${dirname(main)}`)
    .replace(/^version\s*=.*$/m, `version = ${version}`)
    .replace(/^executable\s*=.*$/m, `executable = ${main}`)
    .replace(/^command\s*=.*\n?/m, '');
  await writeAtomic(marker, text);
  await noteOverlay(ctx, overlay, { toolchain, version });
  ctx.emit({ type: 'note', text: `${overlay.path} now uses ${runtime.tool} ${version}; its packages stay` });
}

async function makeAnew(ctx: Context, runtime: WithOverlay): Promise<void> {
  const { overlay, version } = runtime;
  const before = readOverlay(overlay.path, overlay);
  const made = before.kind === 'folder' ? before.version : undefined;
  const packages = await packagesIn(overlay.path);
  const aside = `${overlay.path}-${made ?? 'old'}-${randomBytes(4).toString('hex')}`;
  await noteUnfinished(ctx, overlay, aside);
  renameSync(overlay.path, aside);
  try {
    await makeOne(ctx, runtime, aside);
  } catch (error) {
    await removeTree(overlay.path);
    renameSync(aside, overlay.path);
    await noteFinished(ctx, overlay);
    throw error;
  }
  const list = join(overlay.path, `packages-of-${made ?? 'before'}.txt`);
  await writeAtomic(list, packages.map((line) => `${line}\n`).join(''));
  ctx.emit({ type: 'note', text: `the packages of the old ${overlay.folder} are listed in ${list}` });
  const failed = packages.length === 0 ? undefined : await installPackages(ctx, runtime, list);
  await noteFinished(ctx, overlay);
  if (failed === undefined) {
    await removeTree(aside);
    return;
  }
  const python = join(overlay.path, overlay.bin, overlay.commands[0] ?? '');
  ctx.emit({
    type: 'warning',
    text: `its ${packages.length === 1 ? 'package' : `${packages.length} packages`} could not be installed for ${version}: ${failed}. The old folder is kept as ${basename(aside)}`,
    hint: `${python} -m pip install -r ${list}`,
  });
}

async function installPackages(ctx: Context, { overlay }: WithOverlay, list: string): Promise<string | undefined> {
  if (ctx.settings.offline) return 'the network is switched off';
  ctx.emit({ type: 'note', text: `installing the packages of ${overlay.path} again` });
  const python = join(overlay.path, overlay.bin, overlay.commands[0] ?? '');
  return run(ctx, python, ['-I', '-m', 'pip', 'install', '--quiet', '--no-input', '-r', list], INSTALL_TIMEOUT);
}
