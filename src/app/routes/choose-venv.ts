import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { capture } from '../../adapters/children/capture';
import { realPathOr } from '../../adapters/files/real-path';
import { overlayTraces, readOverlay } from '../../adapters/routes/overlay';
import { isExecutableFile } from '../../adapters/store/store';
import { scrubbedEnv } from '../../adapters/system/spawn';
import type { RoutedOverlay } from '../../domain/routes/environment';
import { judgeOverlay, type OverlayFacts, type OverlayVerdict } from '../../domain/routes/venv-choice';
import type { Overlay } from '../../domain/runtime/layout';
import type { Runtime } from '../../domain/runtime/runtime';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import type { Decision } from '../project/project';
import { readUnfinished, unfinishedFile } from './overlay-notes';

const PROBE_TIMEOUT = 15_000;

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
  /** The project's `.venv` is another version's. */
  readonly beside?: true;
}

/**
 * The place of a decision's `.venv`, and whether it is used. What a file decides has its `.venv` in the project; what a
 * person asked for this once, a default, and a further version have one of their own in polyenv's home and never touch the project's.
 */
export async function chooseOverlay(ctx: Context, choice: OverlayChoice): Promise<RoutedOverlay> {
  const { decision, overlay, toolchain } = choice;
  if (decision.from.kind !== 'file' || choice.beside) return ownOverlay(ctx, choice);
  const path = join(decision.folder, overlay.folder);
  const unfinished = await readUnfinished(ctx, { ...overlay, path });
  const absent = { ...overlay, path, ready: false };
  // An unfinished one counts as missing. Where it was to replace another, its packages are lost, and that is an
  // error.
  if (unfinished !== undefined && unfinished.aside === undefined) return absent;
  const facts = readOverlay(path, overlay);
  const verdict = unfinished?.aside === undefined ? judge(ctx, choice, facts) : beingMade(unfinished.aside);
  if (verdict.state === 'absent') return absent;
  if (verdict.state === 'ready') return used(path, overlay);
  const why = verdict.state === 'refused' ? verdict.why : await objection(ctx, choice, verdict.interpreter);
  if (why === undefined) return used(path, overlay);
  const { file, line } = decision.from;
  const decided = `${choice.runtime.id} ${toolchain.version}`;
  // The advice to pin the folder's own version helps only where that is another version than the decided one.
  const keep =
    facts.kind === 'folder' &&
    facts.version !== undefined &&
    facts.version !== toolchain.version &&
    facts.interpreter !== undefined &&
    facts.writtenFor === undefined;
  const other =
    facts.kind === 'folder'
      ? keep
        ? `, which makes it anew with its packages; to keep it: polyenv use ${choice.runtime.id}@${facts.version}`
        : ', which makes it anew with its packages'
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

function judge(ctx: Context, choice: OverlayChoice, facts: OverlayFacts): OverlayVerdict {
  return judgeOverlay(facts, {
    version: choice.toolchain.version,
    interpreters: interpretersOf(choice),
    store: realPathOr(ctx.home.store),
    project: realPathOr(choice.decision.folder),
    locked: choice.locked,
  });
}

function beingMade(aside: string): OverlayVerdict {
  return {
    state: 'refused',
    why: `is being made anew, or that was interrupted; the one before is ${basename(aside)}`,
  };
}

/** With the commands that it has, each under its own name or another of its names. */
function used(path: string, overlay: Overlay): RoutedOverlay {
  const provides = overlay.commands.flatMap((name) => {
    const names = [name, ...(overlay.aliases?.[name] ?? [])];
    const file = names.map((one) => join(path, overlay.bin, one)).find(isExecutableFile);
    return file === undefined ? [] : [[name, file] as const];
  });
  return { ...overlay, path, ready: true, provides: Object.fromEntries(provides) };
}

/** Nobody but polyenv writes there: one that is damaged is made anew when something is installed into it. */
function ownOverlay(ctx: Context, choice: OverlayChoice): RoutedOverlay {
  const { overlay, toolchain, home } = choice;
  const path = join(home, `${overlay.folder.replace(/^\./, '')}-${toolchain.version}`);
  const facts = readOverlay(path, overlay);
  const interpreters = interpretersOf(choice);
  const ready = facts.kind === 'folder' && interpreters.includes(facts.interpreter ?? '');
  const whole = ready && !existsSync(unfinishedFile(ctx, { ...overlay, path }));
  return whole ? used(path, overlay) : { ...overlay, path, ready: false };
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

/** Under each of its names: an archive may hold them as copies. */
function interpretersOf({ overlay, commands }: OverlayChoice): readonly string[] {
  const files = [overlay.make[0], ...overlay.commands].map((name) => commands[name]);
  return [...new Set(files.flatMap((file) => (file === undefined ? [] : [realPathOr(file)])))];
}

/** What a compiled route must look at again, so that a `.venv` that somebody makes, replaces or removes is seen. */
export function tracesOf(ctx: Context, { path, refused, ...overlay }: RoutedOverlay): ReturnType<typeof overlayTraces> {
  const { inputs, absences } = overlayTraces(path, overlay);
  const unfinished = unfinishedFile(ctx, { path, ...overlay });
  return { inputs: existsSync(unfinished) ? [...inputs, unfinished] : inputs, absences };
}
