import { lstatSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureFolder, readTextIfAny, writeAtomic } from '../../adapters/files/fs';
import { environmentFolder } from '../../adapters/home/paths';
import { overlayTraces, readOverlay } from '../../adapters/routes/overlay';
import { capture, scrubbedEnv } from '../../adapters/system/spawn';
import type { RoutedOverlay } from '../../domain/routes/environment';
import { judgeOverlay } from '../../domain/routes/overlay';
import type { Overlay } from '../../domain/runtime/layout';
import type { Runtime } from '../../domain/runtime/runtime';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import type { Decision } from '../project/project';

const PROBE_TIMEOUT = 15_000;

/** What polyenv noted of an overlay that it made: outside the project, where no repository can put one. */
export interface OverlayReceipt {
  readonly path: string;
  readonly toolchain: string;
  readonly version: string;
  /** Of the folder: a copied or replaced one is another. */
  readonly inode: number;
}

export interface OverlayChoice {
  readonly decision: Decision;
  readonly runtime: Runtime;
  readonly toolchain: Toolchain;
  readonly overlay: Overlay;
  /** Name to absolute path, as the toolchain has them. */
  readonly commands: Readonly<Record<string, string>>;
  /** The runtime's private home for this project. */
  readonly home: string;
  /** Whether the project's own lock names the toolchain. */
  readonly locked: boolean;
}

/**
 * The place of a decision's `.venv`, and whether it is used. What a file decides has its `.venv` in the project; what a
 * person asked for this once, and a default, have one of their own in polyenv's home and never touch the project's.
 */
export async function chooseOverlay(ctx: Context, choice: OverlayChoice): Promise<RoutedOverlay> {
  const { decision, overlay, toolchain } = choice;
  if (decision.from.kind !== 'file') return ownOverlay(choice);
  const path = join(decision.folder, overlay.folder);
  const facts = readOverlay(path, overlay);
  const verdict = judgeOverlay(facts, {
    interpreters: interpretersOf(choice),
    store: real(ctx.home.store),
    project: real(decision.folder),
    locked: choice.locked,
  });
  if (verdict.state === 'absent') return { ...overlay, path, ready: false };
  if (verdict.state === 'ready') return { ...overlay, path, ready: true };
  const why = verdict.state === 'refused' ? verdict.why : await objection(ctx, choice, verdict.interpreter);
  if (why === undefined) return { ...overlay, path, ready: true };
  const { file, line } = decision.from;
  const decided = `${choice.runtime.id} ${toolchain.version}`;
  const keep = facts.kind === 'folder' && facts.version !== undefined && facts.interpreter !== undefined;
  const other =
    facts.kind === 'folder'
      ? keep
        ? `, which makes it anew with its packages; to keep it: polyenv use ${choice.runtime.id}@${facts.version}`
        : ', which makes it anew'
      : '';
  const hint =
    facts.kind === 'folder'
      ? `polyenv install${other}`
      : `mv ${overlay.folder} ${overlay.folder}-old && polyenv install`;
  const refused = {
    message: `${path} ${why}; ${decided} is decided here`,
    hint,
    where: { file, ...present({ line }) },
  };
  return { ...overlay, path, ready: false, refused };
}

/** Nobody but polyenv writes there: one that is damaged is made anew when something is installed into it. */
function ownOverlay(choice: OverlayChoice): RoutedOverlay {
  const { overlay, toolchain, home } = choice;
  const path = join(home, `${overlay.folder.replace(/^\./, '')}-${toolchain.version}`);
  const facts = readOverlay(path, overlay);
  const interpreters = interpretersOf(choice);
  const ready = facts.kind === 'folder' && interpreters.includes(facts.interpreter ?? '');
  return { ...overlay, path, ready };
}

/** Why a Python of this machine may not stand in for the decided one; `undefined` if it answers the request. */
async function objection(
  ctx: Context,
  { decision, runtime }: OverlayChoice,
  interpreter: string,
): Promise<string | undefined> {
  const asked = { file: interpreter, args: runtime.probe.args, env: scrubbedEnv(ctx.host), cwd: '/' };
  const said = await capture(asked, PROBE_TIMEOUT);
  const spelt = runtime.probe.version(said.stdout) ?? runtime.probe.version(said.stderr);
  const version = spelt === undefined ? undefined : runtime.scheme.version(spelt);
  if (version === undefined) return `has an interpreter that does not say its version (${interpreter})`;
  const { request } = decision;
  const answers =
    request.variant === undefined &&
    (request.version.kind === 'latest' || runtime.scheme.matches(request.version, { version }));
  return answers ? undefined : `was made by ${version} (${interpreter})`;
}

function interpretersOf({ overlay, commands }: OverlayChoice): readonly string[] {
  const main = overlay.make[0];
  return [...new Set([overlay.commands[0] ?? main, main])].flatMap((name) => {
    const file = commands[name];
    return file === undefined ? [] : [real(file)];
  });
}

/** What a compiled route must look at again, so that a `.venv` that somebody makes, replaces or removes is seen. */
export function tracesOf({ path, refused, ...overlay }: RoutedOverlay): ReturnType<typeof overlayTraces> {
  return overlayTraces(path, overlay);
}

/** Whether polyenv made what stands there. */
export async function isOwn(ctx: Context, overlay: RoutedOverlay): Promise<boolean> {
  const receipt = await readReceipt(ctx, overlay);
  const found = lstatSync(overlay.path, { throwIfNoEntry: false });
  return receipt?.path === overlay.path && found?.isDirectory() === true && found.ino === receipt.inode;
}

export async function noteOverlay(
  ctx: Context,
  overlay: RoutedOverlay,
  made: Pick<OverlayReceipt, 'toolchain' | 'version'>,
): Promise<void> {
  // Those in polyenv's home need no note: nobody else writes there.
  if (overlay.path.startsWith(`${ctx.home.root}/`)) return;
  const note: OverlayReceipt = { path: overlay.path, ...made, inode: lstatSync(overlay.path).ino };
  const file = receiptFile(ctx, overlay);
  await ensureFolder(dirname(file));
  await writeAtomic(file, `${JSON.stringify({ schema: 1, ...note })}\n`);
}

async function readReceipt(ctx: Context, overlay: RoutedOverlay): Promise<OverlayReceipt | undefined> {
  try {
    const value = JSON.parse((await readTextIfAny(receiptFile(ctx, overlay))) ?? '') as OverlayReceipt & {
      schema?: number;
    };
    return value.schema === 1 && typeof value.path === 'string' && typeof value.inode === 'number' ? value : undefined;
  } catch {
    return undefined;
  }
}

function receiptFile(ctx: Context, overlay: RoutedOverlay): string {
  return join(environmentFolder(ctx.home, dirname(overlay.path)), `overlay-${overlay.variable.toLowerCase()}.json`);
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
