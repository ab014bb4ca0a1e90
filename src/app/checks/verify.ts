import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTextIfAny, removeTree } from '../../adapters/files/fs';
import { ensureLauncher, launcherPath, launcherText, readLauncher } from '../../adapters/home/launcher';
import { withLock } from '../../adapters/home/lock';
import { environmentFolder } from '../../adapters/home/paths';
import { compareEnvironment } from '../../adapters/routes/environment-check';
import { defaultsFolder, listEnvironmentFolders, removeEnvironment } from '../../adapters/routes/environments';
import { renderShims } from '../../adapters/routes/shims';
import { readState } from '../../adapters/services/folders';
import {
  damagedKeys,
  findToolchain,
  isExecutableFile,
  listToolchains,
  removeToolchain,
  storedFiles,
} from '../../adapters/store/store';
import { compareTree, type TreeFault } from '../../adapters/store/tree-check';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import { counted } from '../../domain/words/counted';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { OTHER_HOME_HINT, unwritableHome } from '../base/foreign-home';
import { loadRuntime } from '../base/registry';
import { findProject } from '../project/project';
import { commandsOf, compileFolder, decidedToolchainsOf, refreshShims, shimOffers } from '../routes/compile';
import { compileDefaults } from '../routes/defaults';
import { type KnownService, knownServices, wantedToolchain } from '../services/known';
import type { DecidedToolchain } from '../toolchains/decided-toolchain';
import { installToolchain, reinstallToolchain, releaseKey } from '../toolchains/install';
import type { PlatformRelease } from '../toolchains/platform-release';
import { orderFor } from '../toolchains/provide';
import { sweepLeftovers } from '../toolchains/sweep';

/** Something that is not what polyenv made, and how it is fixed. */
export interface Finding {
  readonly kind: 'toolchain' | 'receipt' | 'link' | 'shim' | 'launcher' | 'environment' | 'home';
  /** A key of the store, or an absolute path. */
  readonly at: string;
  /** One line for people. */
  readonly text: string;
  /** Of a toolchain: what differs, by path. */
  readonly faults?: readonly TreeFault[];
  /** The command, or the next step in a few words. */
  readonly hint: string;
  /** A `notice` is no damage. */
  readonly level: 'damage' | 'notice';
}

export interface Verified {
  readonly toolchains: readonly Toolchain[];
  readonly files: number;
  readonly findings: readonly Finding[];
}

export interface VerifyOptions {
  /** What this folder's project uses, or all that is installed and compiled. */
  readonly scope: 'project' | 'all';
  /** `deep` hashes every file against the digest that was recorded when it was unpacked from proved bytes. */
  readonly depth: 'quick' | 'deep';
}

/**
 * Compares what is there with what was installed: trees, receipts, shims, the launcher and compiled environments.
 * Reads only.
 */
export async function verify(ctx: Context, options: VerifyOptions): Promise<Verified> {
  const toolchains = options.scope === 'all' ? await listToolchains(ctx.home) : await projectToolchains(ctx);
  const findings: Finding[] = [];
  let files = 0;
  for (const toolchain of toolchains) {
    if (toolchain.linked !== undefined) findings.push(...(await checkLinked(ctx, toolchain)));
    else {
      ctx.emit({ type: 'phase', tool: toolchain.tool, version: toolchain.version, phase: 'verify' });
      const checked = await checkToolchain(ctx, toolchain, options.depth);
      files += checked.files;
      findings.push(...checked.findings);
    }
  }
  for (const key of await damagedKeys(ctx.home)) findings.push(unreadable(ctx, key));
  const unwritable = await unwritableHome(ctx);
  // Launcher, shims and routes are those of the person whose home it is.
  if (unwritable !== undefined)
    findings.push({ kind: 'home', at: ctx.home.root, level: 'notice', text: unwritable, hint: OTHER_HOME_HINT });
  else
    findings.push(
      ...(await checkLauncher(ctx)),
      ...(await checkShims(ctx)),
      ...(await checkEnvironments(ctx, options)),
    );
  return { toolchains, files, findings };
}

/** Fixes what can be fixed and verifies again: toolchains from `downloads/` or the network, everything else from what is known. */
export async function repair(ctx: Context, found: Verified, options: VerifyOptions): Promise<Verified> {
  for (const { kind, at, faults, level } of found.findings) {
    if (kind === 'toolchain') await repairToolchain(ctx, { key: at, faults: faults ?? [], level });
    else if (kind === 'receipt') await replaceUnreadable(ctx, at);
  }
  await sweepLeftovers(ctx);
  // The launcher first: a shim without one cannot do anything.
  if (found.findings.some(({ kind }) => kind === 'launcher')) await ensureLauncher(ctx.home, ctx.host);
  await refreshShims(ctx);
  for (const { kind, at } of found.findings) if (kind === 'environment') await recompile(ctx, at);
  return verify(ctx, options);
}

/** Compares shims and compiled environments with what they were made from. Reads only. */
export async function verifyRoutes(ctx: Context, options: VerifyOptions): Promise<readonly Finding[]> {
  return [...(await checkShims(ctx)), ...(await checkEnvironments(ctx, options))];
}

/** Makes the routes of a folder anew. */
export async function repairRoutes(ctx: Context, directory: string): Promise<void> {
  await refreshShims(ctx);
  await recompile(ctx, directory);
}

async function projectToolchains(ctx: Context): Promise<readonly Toolchain[]> {
  const allDecided = [
    ...(await decidedToolchainsOf(ctx, await findProject(ctx, ctx.directory))),
    ...(await decidedServices(ctx)),
  ];
  const served = await servedRoots(ctx);
  const found = [
    ...allDecided.flatMap(({ toolchain }) => (toolchain === undefined ? [] : [toolchain])),
    // What a server was last started from may be another version than what is asked for now.
    ...(served.size === 0 ? [] : await listToolchains(ctx.home)).filter(({ root }) => served.has(root)),
  ];
  return [...new Map(found.map((toolchain) => [toolchain.key, toolchain])).values()];
}

/** What the folder's services are to run on: a second version of a kind, and those of folders above too. */
async function decidedServices(ctx: Context): Promise<readonly DecidedToolchain[]> {
  return Promise.all((await seenServices(ctx)).map((known) => wantedToolchain(ctx, known)));
}

async function servedRoots(ctx: Context): Promise<ReadonlySet<string>> {
  const states = await Promise.all(
    (await seenServices(ctx)).map(({ folder }) => readState(folder).catch(() => undefined)),
  );
  return new Set(states.flatMap((state) => (state === undefined ? [] : [state.toolchain])));
}

/** None where a manifest is wrong: starting them reports that. */
async function seenServices(ctx: Context): Promise<readonly KnownService[]> {
  try {
    return await knownServices(ctx);
  } catch (error) {
    if (error instanceof PolyenvError) return [];
    throw error;
  }
}

async function checkToolchain(
  ctx: Context,
  toolchain: Toolchain,
  depth: VerifyOptions['depth'],
): Promise<{ readonly files: number; readonly findings: readonly Finding[] }> {
  const name = `${toolchain.tool} ${toolchain.version}`;
  const finding = { kind: 'toolchain', at: toolchain.key, hint: 'polyenv verify --repair' } as const;
  try {
    const files = await storedFiles(ctx.home, toolchain.key);
    if (files === undefined || files.length === 0)
      return { files: 0, findings: [{ ...finding, text: `${name} has no list of its files`, level: 'damage' }] };
    const all = await compareTree(toolchain.root, files, depth);
    const faults = all.filter(({ kind }) => kind !== 'bytecode');
    const findings: Finding[] = [];
    if (faults.length > 0)
      findings.push({ ...finding, text: `${name}: ${describeFaults(faults)}`, faults, level: 'damage' });
    else if (all.length > 0) {
      const text = `${name}: Python, run as root, wrote ${counted(all.length, 'compiled file')} into it`;
      findings.push({ ...finding, text, faults: all, level: 'notice' });
    }
    return { files: files.length, findings };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { files: 0, findings: [{ ...finding, text: `${name} cannot be checked: ${reason}`, level: 'damage' }] };
  }
}

async function checkLinked(ctx: Context, toolchain: Toolchain): Promise<readonly Finding[]> {
  const runtime = await loadRuntime(toolchain.tool);
  const main = commandsOf(ctx, runtime, toolchain)[runtime.probe.command];
  if (main !== undefined && isExecutableFile(main)) return [];
  const name = `${toolchain.tool} ${toolchain.version}`;
  return [
    {
      kind: 'link',
      at: toolchain.root,
      text: `${name} is linked, and is no longer in ${toolchain.root}`,
      hint: `polyenv uninstall ${toolchain.tool}@${toolchain.version}, then polyenv install`,
      level: 'damage',
    },
  ];
}

function unreadable(ctx: Context, key: string): Finding {
  const tree = existsSync(join(ctx.home.store, key));
  return {
    kind: 'receipt',
    at: key,
    text: tree ? `${key}: the record of its files cannot be read` : `${key}: its files are gone`,
    hint: 'polyenv verify --repair',
    level: 'damage',
  };
}

async function checkLauncher(ctx: Context): Promise<readonly Finding[]> {
  // Before the first `use` there is none, and nothing that needs it.
  if (!existsSync(ctx.home.shims)) return [];
  const launcher = await readLauncher(ctx.home);
  const finding = { kind: 'launcher', hint: 'polyenv verify --repair', level: 'damage' } as const;
  const paths = [launcherPath(ctx.home), join(ctx.home.shims, 'polyenv')];
  if (launcher === undefined) {
    const [at] = paths as [string];
    return [{ ...finding, at, text: `${at} is not polyenv's launcher` }];
  }
  const findings: Finding[] = [];
  for (const at of paths)
    if ((await readTextIfAny(at)) !== launcherText(ctx.home, launcher))
      findings.push({ ...finding, at, text: `${at} is not what polyenv wrote` });
  for (const at of [launcher.node, launcher.program])
    if (!existsSync(at)) findings.push({ ...finding, at, text: `${at}, which the launcher starts, is gone` });
  return findings;
}

async function checkShims(ctx: Context): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [name, text] of renderShims(ctx.home, await shimOffers(ctx), ctx.host.personHome)) {
    const at = join(ctx.home.shims, name);
    const whole = isExecutableFile(at) && (await readTextIfAny(at)) === text;
    if (!whole)
      findings.push({
        kind: 'shim',
        at,
        text: existsSync(at) ? `${at} is not what polyenv wrote` : `${at} is missing`,
        hint: 'polyenv reshim',
        level: 'damage',
      });
  }
  return findings;
}

async function checkEnvironments(ctx: Context, { scope }: VerifyOptions): Promise<readonly Finding[]> {
  const own = (await findProject(ctx, ctx.directory)).directory;
  const wanted = scope === 'all' ? undefined : new Set([ctx.directory, own]);
  const findings: Finding[] = [];
  for (const directory of await listEnvironmentFolders(ctx.home)) {
    if (wanted !== undefined && !wanted.has(directory)) continue;
    const wrong = await compareEnvironment(environmentFolder(ctx.home, directory));
    if (wrong.length > 0)
      findings.push({
        kind: 'environment',
        at: directory,
        text: `the routes of ${directory} are not what was compiled: ${wrong.join(', ')}`,
        hint: 'polyenv verify --repair',
        level: 'damage',
      });
  }
  const defaults = defaultsFolder(ctx.home);
  const wrong = existsSync(defaults) ? await compareEnvironment(defaults) : [];
  if (wrong.length > 0)
    findings.push({
      kind: 'environment',
      at: defaults,
      text: `the routes of your defaults are not what was compiled: ${wrong.join(', ')}`,
      hint: 'polyenv verify --repair',
      level: 'damage',
    });
  return findings;
}

async function repairToolchain(
  ctx: Context,
  damaged: { readonly key: string; readonly faults: readonly TreeFault[]; readonly level: Finding['level'] },
): Promise<void> {
  const toolchain = await findToolchain(ctx.home, damaged.key);
  if (toolchain === undefined) return;
  const release = await orderOf(toolchain);
  if (releaseKey(release) === toolchain.key) {
    await reinstallToolchain(ctx, release);
    return;
  }
  // Unpacked by other rules than today's: the new one has another key, and routes to the old one notice that it is gone.
  await installToolchain(ctx, release);
  await forget(ctx, toolchain.key);
}

/** The receipt is lost, but the lock of a project may say the same. */
async function replaceUnreadable(ctx: Context, key: string): Promise<void> {
  for (const directory of await listEnvironmentFolders(ctx.home)) {
    for (const release of await lockedReleases(ctx, directory)) {
      if (releaseKey(release) !== key) continue;
      await reinstallToolchain(ctx, release);
      return;
    }
  }
  await forget(ctx, key);
}

async function lockedReleases(ctx: Context, directory: string): Promise<readonly PlatformRelease[]> {
  try {
    const allDecided = await decidedToolchainsOf(ctx, await findProject(ctx, directory));
    return allDecided.flatMap(({ runtime, resolution }) =>
      resolution?.kind === 'entry' ? [{ ...orderFor(ctx, runtime, resolution.entry), locked: true as const }] : [],
    );
  } catch (error) {
    if (error instanceof PolyenvError) return [];
    throw error;
  }
}

async function orderOf(toolchain: Toolchain): Promise<PlatformRelease> {
  const { tool, source, version, vendor, variant, options, platform, parts } = toolchain;
  return {
    runtime: await loadRuntime(tool),
    source,
    version,
    ...present({ vendor, variant }),
    options,
    platform,
    parts,
    locked: true,
  };
}

async function forget(ctx: Context, key: string): Promise<void> {
  const { home, host, emit, settings } = ctx;
  await withLock({ home, host, name: key, purpose: `removing ${key}`, timeout: settings.lockTimeout, emit }, () =>
    removeToolchain(home, key),
  );
}

/** Routes that cannot be compiled now go; shims then ask polyenv, which says why. */
async function recompile(ctx: Context, directory: string): Promise<void> {
  if (directory === defaultsFolder(ctx.home)) {
    await removeTree(directory);
    await compileDefaults(ctx);
    return;
  }
  await removeTree(join(environmentFolder(ctx.home, directory), 'route.sh'));
  try {
    await compileFolder(ctx, directory);
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    await removeEnvironment(ctx.home, directory);
  }
}

function describeFaults(faults: readonly TreeFault[]): string {
  const shown = faults.slice(0, 3).map(({ path, kind }) => `${path} ${WORDS[kind]}`);
  return `${shown.join(', ')}${faults.length > shown.length ? ` and ${faults.length - shown.length} more` : ''}`;
}

const WORDS: Readonly<Record<TreeFault['kind'], string>> = {
  missing: 'is missing',
  extra: 'was added',
  bytecode: 'was added',
  type: 'is something else',
  size: 'has another size',
  mode: 'has another mode',
  target: 'leads elsewhere',
  content: 'has other content',
};
