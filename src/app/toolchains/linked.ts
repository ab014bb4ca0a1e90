import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { isExecutableFile, listToolchains, readTree, recordLink } from '../../adapters/store/store';
import { discoveredFolders } from '../../adapters/system/discover';
import { capture, scrubbedEnv } from '../../adapters/system/spawn';
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
      toolchain.linked !== undefined && toolchain.tool === runtime.id && answers(runtime, request, toolchain.version),
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
  const found = (await discoverAll(ctx, runtime)).filter((toolchain) => answers(runtime, request, toolchain.version));
  const best = found.sort((a, b) => runtime.scheme.compare(b.version, a.version))[0];
  if (best !== undefined) {
    await readyHome(ctx);
    await recordLink(ctx.home, best);
  }
  return best;
}

/** Every toolchain of the runtime that other managers have on this machine. Nothing is recorded. */
export async function discoverAll(ctx: Context, runtime: Runtime): Promise<readonly Toolchain[]> {
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

/** Takes a folder as a toolchain: it must run, say its version, and answer the request. Throws `cannot-start` or `version-not-found`. */
export async function linkToolchain(
  ctx: Context,
  runtime: Runtime,
  at: { readonly root: string; readonly manager: string },
  request: ToolRequest,
): Promise<Toolchain> {
  const toolchain = await examineToolchain(ctx, runtime, at);
  if (!answers(runtime, request, toolchain.version)) {
    throw new PolyenvError(
      'version-not-found',
      `${at.root} is ${runtime.id} ${toolchain.version}, which does not answer ${JSON.stringify(request.text)}`,
      {
        hint: `polyenv link ${runtime.id}@${toolchain.version} ${at.root}`,
      },
    );
  }
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

function answers(runtime: Runtime, request: ToolRequest, version: Version): boolean {
  const vendor = runtime.vendors?.[0];
  if (request.vendor !== undefined && request.vendor !== vendor) return false;
  if (request.version.kind === 'latest') return true;
  return request.variant === undefined && runtime.scheme.matches(request.version, { version });
}
