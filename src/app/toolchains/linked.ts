import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../../adapters/children/capture';
import { readTextIfAny } from '../../adapters/files/fs';
import { isExecutableFile, listToolchains, readTree, recordLink } from '../../adapters/store/store';
import { discoveredFolders } from '../../adapters/system/discover';
import { scrubbedEnv } from '../../adapters/system/spawn';
import type { Tree } from '../../domain/runtime/layout';
import type { Discovery, DiscoveryFacts, Runtime } from '../../domain/runtime/runtime';
import { linkKey, type Toolchain } from '../../domain/toolchain/toolchain';
import type { ToolRequest } from '../../domain/versions/request';
import { type Version, versionFrom } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { readyHome } from '../base/ready-home';
import { outsidePlace } from '../project/place';

const PROBE_TIMEOUT = 15_000;

/** The newest linked toolchain that answers the request and still stands; nothing is run. */
export async function findLinked(ctx: Context, runtime: Runtime, request: ToolRequest): Promise<Toolchain | undefined> {
  const linked = (await listToolchains(ctx.home)).filter(
    (toolchain) =>
      toolchain.linked !== undefined && toolchain.tool === runtime.id && answers(runtime, request, toolchain),
  );
  return linked
    .filter((toolchain) => mainProgram(ctx, runtime, toolchain.root, toolchain.version) !== undefined)
    .sort((a, b) => runtime.scheme.compare(b.version, a.version))[0];
}

/** Looks where other managers and the system keep toolchains, asks each candidate for its version, and records the newest that answers. */
export async function discoverToolchain(
  ctx: Context,
  runtime: Runtime,
  request: ToolRequest,
): Promise<Toolchain | undefined> {
  const found = (await discoverAll(ctx, runtime)).filter((toolchain) => answers(runtime, request, toolchain));
  const best = found.sort((a, b) => runtime.scheme.compare(b.version, a.version))[0];
  if (best !== undefined) {
    await readyHome(ctx);
    await recordLink(ctx.home, best);
  }
  return best;
}

/** Every toolchain of the runtime that other managers have on this machine. Nothing is recorded. */
async function discoverAll(ctx: Context, runtime: Runtime): Promise<readonly Toolchain[]> {
  const examined = await Promise.all(
    candidatesOf(ctx, runtime.discover ?? []).map((candidate) =>
      examineToolchain(ctx, runtime, candidate).catch(() => undefined),
    ),
  );
  return examined.filter((toolchain) => toolchain !== undefined);
}

/** A folder that may be a toolchain's root, by its real path, and who keeps it. */
export interface Candidate {
  readonly root: string;
  readonly manager: string;
  /** The same folder as the manager calls it: links in its own folders count. */
  readonly names: readonly string[];
}

/** The folders that exist where the discoveries look, each once, but for polyenv's own. */
export function candidatesOf(ctx: Context, discoveries: readonly Discovery[]): readonly Candidate[] {
  const facts = factsOf(ctx);
  const candidates = new Map<string, { root: string; manager: string; names: string[] }>();
  for (const discovery of discoveries) {
    for (const root of discoveredFolders(discovery.folders(facts))) {
      const real = realpathSync(root);
      if (real.startsWith(`${ctx.home.root}/`)) continue;
      const known = candidates.get(real) ?? { root: real, manager: discovery.manager, names: [] };
      known.names.push(root);
      candidates.set(real, known);
    }
  }
  return [...candidates.values()];
}

export function factsOf(ctx: Context): DiscoveryFacts {
  return { personHome: ctx.host.personHome, env: ctx.host.env, platform: ctx.platform };
}

/** What linking a folder would take: it must run, say its version, and answer the request. Throws `cannot-start` or `version-not-found`. */
export async function planLink(
  ctx: Context,
  runtime: Runtime,
  at: { readonly root: string; readonly manager: string },
  request: ToolRequest,
): Promise<Toolchain> {
  const toolchain = await examineToolchain(ctx, runtime, at);
  if (!answers(runtime, request, toolchain)) {
    throw new PolyenvError(
      'version-not-found',
      `${at.root} is ${runtime.id} ${toolchain.version}${buildText(toolchain)}, which does not answer ${JSON.stringify(request.text)}`,
      {
        hint: `polyenv link ${runtime.id}@${nameOf(toolchain)} ${at.root}`,
      },
    );
  }
  return toolchain;
}

/** Takes a folder as a toolchain. Throws as `planLink`. */
export async function linkToolchain(...wanted: Parameters<typeof planLink>): Promise<Toolchain> {
  const [ctx] = wanted;
  const toolchain = await planLink(...wanted);
  await readyHome(ctx);
  await recordLink(ctx.home, toolchain);
  return toolchain;
}

/** Asks what stands there for its version. Throws `cannot-start`. */
export async function examineToolchain(
  ctx: Context,
  runtime: Runtime,
  at: { readonly root: string; readonly manager: string },
): Promise<Toolchain> {
  const file = mainProgram(ctx, runtime, at.root, undefined);
  if (file === undefined) {
    throw new PolyenvError(
      'cannot-start',
      `${at.root} has no ${runtime.probe.command} where ${runtime.title} keeps it`,
      {
        hint: `name the folder that has bin/${runtime.probe.command}`,
      },
    );
  }
  const said = await capture({ file, args: runtime.probe.args, env: scrubbedEnv(ctx.host), cwd: '/' }, PROBE_TIMEOUT);
  const spelt =
    runtime.probe.version(said.stdout === '' ? said.stderr : said.stdout) ?? runtime.probe.version(said.stderr);
  const version = spelt === undefined ? undefined : runtime.scheme.version(spelt);
  if (said.exit !== 0 || version === undefined) {
    throw new PolyenvError('cannot-start', `${file} does not say a version (status ${said.exit})`, {
      hint: `${file} ${runtime.probe.args.join(' ')}`,
    });
  }
  return {
    key: linkKey(runtime.id, version, at.root),
    tool: runtime.id,
    version,
    ...(await buildOf(runtime, at.root, readTree(at.root, version, ctx.platform))),
    options: {},
    platform: ctx.platform,
    source: at.manager,
    root: at.root,
    parts: [],
    linked: { manager: at.manager },
    installed: ctx.host.now().toISOString(),
  };
}

function mainProgram(ctx: Context, runtime: Runtime, root: string, version: Version | undefined): string | undefined {
  const tree = readTree(root, version ?? (versionFrom('0') as Version), ctx.platform);
  const path = runtime.layout(tree, outsidePlace(ctx, root)).commands[runtime.probe.command];
  const file = path === undefined ? undefined : join(root, path);
  return file !== undefined && isExecutableFile(file) ? file : undefined;
}

/** ` (jre, temurin)`, where that is known. */
function buildText({ variant, vendor }: Toolchain): string {
  const words = [variant, vendor].filter((word) => word !== undefined);
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

/** As a request names just this one: `temurin-jre-17.0.15`. */
function nameOf({ vendor, variant, version }: Toolchain): string {
  return [vendor, variant, version].filter((part) => part !== undefined).join('-');
}

/** A request that names no vendor or build is content with any vendor's usual build. */
function answers(
  runtime: Runtime,
  request: ToolRequest,
  { version, vendor, variant }: Pick<Toolchain, 'version' | 'vendor' | 'variant'>,
): boolean {
  if (request.vendor !== undefined && request.vendor !== vendor) return false;
  if (request.variant !== variant) return false;
  return request.version.kind === 'latest' || runtime.scheme.matches(request.version, { version });
}

/** Who built what stands there, as its own file says; of a runtime that several build. */
async function buildOf(
  { probe }: Runtime,
  root: string,
  tree: Tree,
): Promise<{ readonly vendor?: string; readonly variant?: string }> {
  if (probe.build === undefined) return {};
  for (const file of probe.build.files) {
    const text = await readTextIfAny(join(root, file)).catch(() => undefined);
    if (text !== undefined) return probe.build.read(text.slice(0, LONGEST_BUILD_FILE), tree);
  }
  return probe.build.read('', tree);
}

/** Characters. */
const LONGEST_BUILD_FILE = 64 * 1024;
