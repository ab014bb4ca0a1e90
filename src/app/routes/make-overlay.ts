import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ensureFolder, readTextIfAny, removeTree, writeAtomic } from '../../adapters/files/fs';
import { readOverlay } from '../../adapters/routes/overlay';
import { capture, scrubbedEnv } from '../../adapters/system/spawn';
import { type RoutedOverlay, type RoutedRuntime, refusalError } from '../../domain/routes/environment';
import { sameLine } from '../../domain/routes/overlay';
import { leadingNumbers } from '../../domain/runtime/lifecycle';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { isOwn, noteOverlay } from './overlay';

const MAKE_TIMEOUT = 180_000;
const INSTALL_TIMEOUT = 600_000;

/** A runtime whose layout has a `.venv`. */
type WithOverlay = RoutedRuntime & { readonly overlay: RoutedOverlay };

/**
 * Makes the `.venv`s of the environment that are missing, and joins polyenv's own to a new patch of the same line. With
 * `anew`, for verbs by which a person asks for it, one that cannot be used is made anew: its packages are listed first,
 * installed again, and until that is done the old folder stays. Throws `overlay-refused` and `child-failed`.
 */
export async function makeOverlays(
  ctx: Context,
  runtimes: readonly RoutedRuntime[],
  unusable: 'refuse' | 'anew',
): Promise<void> {
  for (const runtime of runtimes) {
    if (!hasOverlay(runtime) || runtime.overlay.ready) continue;
    const { overlay } = runtime;
    if (overlay.refused === undefined) {
      if (existsSync(overlay.path)) await removeTree(overlay.path);
      await makeOne(ctx, runtime);
    } else if (await canRelink(ctx, runtime)) await relink(ctx, runtime);
    else if (unusable === 'refuse' || !lstatSync(overlay.path).isDirectory()) throw refusalError(overlay.refused);
    else await makeAnew(ctx, runtime);
  }
}

function hasOverlay(runtime: RoutedRuntime): runtime is WithOverlay {
  return runtime.overlay !== undefined;
}

async function makeOne(ctx: Context, runtime: WithOverlay): Promise<void> {
  const { overlay, commands, toolchain, version } = runtime;
  const [command, ...args] = overlay.make;
  const file = commands[command];
  if (file === undefined) return;
  ctx.emit({ type: 'note', text: `making ${overlay.path}` });
  await ensureFolder(dirname(overlay.path));
  const made = await run(ctx, file, [...args, overlay.path], MAKE_TIMEOUT);
  const failed = made ?? (await seedOverlay(ctx, runtime));
  if (failed !== undefined) {
    await removeTree(overlay.path);
    throw new PolyenvError('child-failed', `${overlay.path} could not be made: ${failed}`, {
      hint: [file, ...args, overlay.path].join(' '),
    });
  }
  await noteOverlay(ctx, overlay, { toolchain, version });
}

/** Puts what a new one holds from the start into it; what failed, in a line. */
async function seedOverlay(ctx: Context, runtime: WithOverlay): Promise<string | undefined> {
  const { overlay, toolchain, version } = runtime;
  const { seeds } = overlay;
  if (seeds === undefined) return undefined;
  const bin = join(overlay.path, overlay.bin);
  const interpreter = join(bin, overlay.make[0]);
  const [site] = folders(join(overlay.path, 'lib'))
    .map((name) => join(overlay.path, 'lib', name, 'site-packages'))
    .filter((path) => existsSync(path));
  const wheels = seeds.wheels.map((path) => join(toolchain, path));
  if (site !== undefined && wheels.length > 0) {
    try {
      const { installWheel } = await import('../../adapters/archives/wheel');
      const line = leadingNumbers(version as Version, 2);
      for (const wheel of wheels) await installWheel(wheel, { site, bin, interpreter, line });
      return undefined;
    } catch (error) {
      if (!(error instanceof PolyenvError) || error.code === 'disk-full') throw error;
      ctx.emit({
        type: 'warning',
        text: `${error.message}; ${overlay.commands[0]} unpacks it itself, which takes longer`,
      });
    }
  }
  return run(ctx, interpreter, seeds.otherwise, MAKE_TIMEOUT);
}

/** The last line of what the program said if it failed. It runs in `/`, where no repository can lead it astray. */
async function run(ctx: Context, file: string, args: readonly string[], timeout: number): Promise<string | undefined> {
  const env = { ...scrubbedEnv(ctx.host), HOME: ctx.host.personHome };
  const { exit, stdout, stderr } = await capture({ file, args, env, cwd: '/' }, timeout);
  return exit === 0 ? undefined : ((stderr || stdout).trim().split('\n').pop() ?? `status ${exit}`);
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
  const main = commands[overlay.make[0]] ?? '';
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
  renameSync(overlay.path, aside);
  try {
    await makeOne(ctx, runtime);
  } catch (error) {
    await removeTree(overlay.path);
    renameSync(aside, overlay.path);
    throw error;
  }
  const list = join(overlay.path, `packages-of-${made ?? 'before'}.txt`);
  await writeAtomic(list, packages.map((line) => `${line}\n`).join(''));
  ctx.emit({ type: 'note', text: `the packages of the old ${overlay.folder} are listed in ${list}` });
  const failed = packages.length === 0 ? undefined : await installPackages(ctx, runtime, list);
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

/** What is installed, as `name==version`, read from the folder without running anything: pip itself is made with it. */
async function packagesIn(path: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const library of folders(join(path, 'lib')).filter((name) => /^(?:python|pypy)/.test(name))) {
    const site = join(path, 'lib', library, 'site-packages');
    for (const name of folders(site).filter((entry) => entry.endsWith('.dist-info'))) {
      const line = requirementOf(
        (await readTextIfAny(join(site, name, 'METADATA'))) ?? '',
        await readTextIfAny(join(site, name, 'direct_url.json')),
      );
      if (line !== undefined) found.push(line);
    }
  }
  return [...new Set(found)].sort();
}

const MADE_WITH_IT = new Set(['pip', 'setuptools', 'wheel']);

/** https://packaging.python.org/en/latest/specifications/core-metadata/ and .../direct-url/ */
function requirementOf(metadata: string, direct: string | undefined): string | undefined {
  const name = /^Name:\s*([A-Za-z0-9._-]+)\s*$/m.exec(metadata)?.[1];
  const version = /^Version:\s*([A-Za-z0-9.!+_-]+)\s*$/m.exec(metadata)?.[1];
  if (name === undefined || version === undefined || MADE_WITH_IT.has(name.toLowerCase())) return undefined;
  return directRequirement(name, direct) ?? `${name}==${version}`;
}

function directRequirement(name: string, direct: string | undefined): string | undefined {
  try {
    const value = JSON.parse(direct ?? '') as {
      url?: unknown;
      dir_info?: { editable?: unknown };
      vcs_info?: { vcs?: unknown; commit_id?: unknown };
    };
    if (typeof value.url !== 'string' || !/^[a-z+]+:\/\/[^\s]+$/i.test(value.url)) return undefined;
    if (value.dir_info?.editable === true) return `-e ${value.url}`;
    const { vcs, commit_id: commit } = value.vcs_info ?? {};
    return typeof vcs === 'string' && typeof commit === 'string'
      ? `${name} @ ${vcs}+${value.url}@${commit}`
      : `${name} @ ${value.url}`;
  } catch {
    return undefined;
  }
}

function folders(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
