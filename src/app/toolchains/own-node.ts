import { dirname, join } from 'node:path';
import { capture } from '../../adapters/children/capture';
import { readLauncher, writeLauncher } from '../../adapters/home/launcher';
import { readTree } from '../../adapters/store/store';
import { artifactFor, EMPTY_LOCKFILE } from '../../domain/toolchain/lockfile';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import type { Context } from '../base/context';
import { readyHome } from '../base/ready-home';
import { loadRuntime } from '../base/registry';
import { outsidePlace } from '../project/place';
import { installToolchain } from './install';
import { resolveRequest } from './resolve';

/** polyenv runs on Node: this is the one place that needs a certain runtime, by the name under which it is its own host. */
const OWN = 'node';

/** Puts the newest long-term Node into the store and lets the launcher use it, so that removing any other Node breaks nothing. */
export async function installOwnNode(ctx: Context): Promise<Toolchain> {
  const runtime = await loadRuntime(OWN);
  const request = { tool: OWN, text: 'lts', version: runtime.scheme.request('lts').version, options: {} };
  const resolution = await resolveRequest(
    { ...ctx, settings: { ...ctx.settings, preference: 'only-managed' } },
    { runtime, request, lock: EMPTY_LOCKFILE },
  );
  if (resolution.kind === 'linked') throw new PolyenvError('failed', "a linked Node cannot be polyenv's own");
  const { entry } = resolution;
  const artifact = artifactFor(entry, ctx.platform);
  if (artifact === undefined) throw new PolyenvError('platform-missing', `no Node for ${ctx.platform}`);
  const toolchain = await installToolchain(ctx, {
    runtime,
    source: entry.source,
    version: entry.version,
    options: {},
    platform: ctx.platform,
    parts: artifact.parts,
  });
  const main = runtime.layout(
    readTree(toolchain.root, toolchain.version, ctx.platform),
    outsidePlace(ctx, toolchain.root),
  ).commands[runtime.probe.command];
  const node = join(toolchain.root, main ?? 'bin/node');
  await mustRunPolyenv(ctx, node);
  await readyHome(ctx);
  await writeLauncher(ctx.home, { node, program: ctx.host.program });
  return toolchain;
}

/** A Node may be too old, or built for another machine than this: only one that has run polyenv is recorded. Throws `cannot-start`. */
async function mustRunPolyenv(ctx: Context, node: string): Promise<void> {
  const { env, program } = ctx.host;
  const own = { ...env, NODE_OPTIONS: undefined, NODE_PATH: undefined };
  const { exit, stdout, stderr } = await capture(
    { file: node, args: [program, '--version'], env: own, cwd: '/' },
    60_000,
  );
  if (exit === 0 && stdout.trim() === __VERSION__) return;
  const said = stderr.split('\n')[0]?.replace(/^error\[[\w-]+\] /, '');
  throw new PolyenvError('cannot-start', `${node} does not run polyenv${said ? `: ${printable(said)}` : ''}`, {
    hint: 'polyenv setup --no-own-node',
  });
}

/** The key of the toolchain that runs polyenv itself, if it is one of the store: never pruned. */
export async function ownToolchain(ctx: Context): Promise<string | undefined> {
  const launcher = await readLauncher(ctx.home);
  if (launcher === undefined || !launcher.node.startsWith(`${ctx.home.store}/`)) return undefined;
  return dirname(launcher.node.slice(ctx.home.store.length + 1)).split('/')[0];
}
