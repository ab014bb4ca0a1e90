import { existsSync, realpathSync } from 'node:fs';
import { openDocument } from '../../adapters/documents/documents';
import { recordLink } from '../../adapters/store/store';
import { isFolder } from '../../adapters/system/discover';
import { understand } from '../../domain/pins/precedence';
import type { DefaultChoice, Discovery, Runtime } from '../../domain/runtime/runtime';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import type { ToolRequest } from '../../domain/versions/request';
import { PolyenvError } from '../../domain/words/errors';
import { orNearest } from '../../domain/words/nearest';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { readyHome } from '../base/ready-home';
import { loadRuntimes } from '../base/registry';
import { compileFolder, refreshShims } from '../routes/compile';
import { type Candidate, candidatesOf, examineToolchain, factsOf } from '../toolchains/linked';
import { setDefaultVersions } from './defaults';

/** What a manager has of one runtime on this machine. */
export interface Holding {
  readonly manager: string;
  readonly runtime: Runtime;
  /** Each was run and said its version; newest first. */
  readonly toolchains: readonly Toolchain[];
  /** Folders that are no toolchain that runs here. */
  readonly broken: readonly { readonly root: string; readonly why: string }[];
  readonly choice?: Chosen;
}

/** The manager's own default. */
export interface Chosen {
  /** Where it says so, absolute. */
  readonly file: string;
  readonly text: string;
  /** Absent where none of its toolchains is meant. */
  readonly toolchain?: Toolchain;
}

/** The managers that hold something here, or those of the names of one. Runs each toolchain for its version; records nothing. */
export async function findHoldings(ctx: Context, name?: string): Promise<readonly Holding[]> {
  const runtimes = await loadRuntimes();
  const places = runtimes.flatMap((runtime) =>
    managersOf(runtime).map((manager) => ({ manager, runtime, candidates: candidatesBy(ctx, runtime, manager) })),
  );
  const wanted = name === undefined ? undefined : managerCalled(runtimes, name);
  const chosen = places.filter(({ manager, candidates }) => candidates.length > 0 && (wanted ?? manager) === manager);
  return Promise.all(chosen.map((place) => holdingOf(ctx, place)));
}

/** Records the toolchains as linked, where they are. Nothing is copied or downloaded. */
export async function takeOver(ctx: Context, holdings: readonly Holding[]): Promise<readonly Toolchain[]> {
  const toolchains = holdings.flatMap((holding) => holding.toolchains);
  await readyHome(ctx);
  for (const toolchain of toolchains) await recordLink(ctx.home, toolchain);
  await refreshShims(ctx);
  await compileFolder(ctx, ctx.directory);
  return toolchains;
}

/** The requests by which the person's defaults become what the managers have as theirs: `node@20.11.0`. */
export function defaultsOf(holdings: readonly Holding[]): readonly string[] {
  return holdings.flatMap(({ runtime, choice }) =>
    choice?.toolchain === undefined ? [] : [`${runtime.id}@${choice.toolchain.version}`],
  );
}

export async function takeDefaults(ctx: Context, holdings: readonly Holding[]): Promise<readonly string[]> {
  const texts = defaultsOf(holdings);
  if (texts.length > 0) await setDefaultVersions(ctx, texts);
  return texts;
}

/** The managers that any runtime is looked for at, each once, as they write themselves. */
function managerNames(runtimes: readonly Runtime[]): readonly string[] {
  return [...new Set(runtimes.flatMap(managersOf))];
}

function managersOf({ discover = [] }: Runtime): readonly string[] {
  return [...new Set(discover.map(({ manager }) => manager))];
}

function managerCalled(runtimes: readonly Runtime[], name: string): string {
  const names = managerNames(runtimes);
  const found = names.find((one) => one.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const known = names.map((one) => one.toLowerCase());
  const what = `no version manager is called ${JSON.stringify(name)}`;
  throw new PolyenvError('usage', what, orNearest(name, known, `known: ${known.join(', ')}`));
}

function discoveriesBy({ discover = [] }: Runtime, manager: string): readonly Discovery[] {
  return discover.filter((one) => one.manager === manager);
}

function candidatesBy(ctx: Context, runtime: Runtime, manager: string): readonly Candidate[] {
  return candidatesOf(ctx, discoveriesBy(runtime, manager));
}

async function holdingOf(
  ctx: Context,
  place: { readonly manager: string; readonly runtime: Runtime; readonly candidates: readonly Candidate[] },
): Promise<Holding> {
  const { manager, runtime, candidates } = place;
  const examined = await Promise.all(
    candidates.map(async (candidate): Promise<Toolchain | { readonly root: string; readonly why: string }> => {
      try {
        return await examineToolchain(ctx, runtime, candidate);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        return { root: candidate.root, why: error.message };
      }
    }),
  );
  const toolchains = examined
    .filter((one) => 'version' in one)
    .sort((a, b) => runtime.scheme.compare(b.version, a.version));
  const broken = examined.filter((one) => 'why' in one);
  const choice = discoveriesBy(runtime, manager).find((one) => one.choice !== undefined)?.choice;
  const chosen = choice === undefined ? undefined : chosenBy(ctx, choice, { runtime, candidates, toolchains });
  return { manager, runtime, toolchains, broken, ...present({ choice: chosen }) };
}

interface Held {
  readonly runtime: Runtime;
  readonly candidates: readonly Candidate[];
  readonly toolchains: readonly Toolchain[];
}

function chosenBy(ctx: Context, choice: DefaultChoice, held: Held): Chosen | undefined {
  const file = choice.files(factsOf(ctx)).find((path) => path.startsWith('/') && existsSync(path));
  if (file === undefined) return undefined;
  if (isFolder(file)) {
    const root = realpathSync(file);
    const toolchain = held.toolchains.find((one) => one.root === root);
    return { file, text: root, ...present({ toolchain }) };
  }
  const text = readChoice(file, choice);
  if (text === undefined) return undefined;
  const toolchain = meantBy(ctx, choice, { ...held, text });
  return { file, text, ...present({ toolchain }) };
}

/** Aliases of aliases that are followed. */
const MOST_ALIASES = 8;

function meantBy(ctx: Context, choice: DefaultChoice, held: Held & { readonly text: string }): Toolchain | undefined {
  let { text } = held;
  for (let count = 0; count < MOST_ALIASES; count++) {
    const found = calledBy(held, text) ?? answering(held, text);
    if (found !== undefined) return found;
    const file = isPlainName(text) ? choice.alias?.(text, factsOf(ctx)) : undefined;
    const next = file === undefined ? undefined : readChoice(file, choice);
    if (next === undefined) return undefined;
    text = next;
  }
  return undefined;
}

/** A name that stays within the folder that it is looked for in: `lts/iron`, `lts/*`. */
function isPlainName(text: string): boolean {
  return /^[\w.*+-]+(?:\/[\w.*+-]+)?$/.test(text) && !text.split('/').includes('..');
}

/** The toolchain in the folder of that name. */
function calledBy({ candidates, toolchains }: Held, text: string): Toolchain | undefined {
  const root = candidates.find(({ names }) => names.some((name) => name.split('/').includes(text)))?.root;
  return toolchains.find((one) => one.root === root);
}

/** The newest that answers it as a request. */
function answering({ runtime, toolchains }: Held, text: string): Toolchain | undefined {
  let request: ToolRequest;
  try {
    request = understand(runtime, { text, options: {} });
  } catch (error) {
    if (error instanceof PolyenvError) return undefined;
    throw error;
  }
  const { version } = request;
  if (version.kind === 'system') return undefined;
  return toolchains.find(
    (one) => version.kind === 'latest' || runtime.scheme.matches(version, { version: one.version }),
  );
}

function readChoice(file: string, choice: DefaultChoice): string | undefined {
  try {
    const document = openDocument({ path: file, boundary: () => '/' });
    return document === undefined ? undefined : choice.read(document);
  } catch (error) {
    if (error instanceof PolyenvError) return undefined;
    throw error;
  }
}
