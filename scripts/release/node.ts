import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { extract, list } from 'tar';

export interface ReleaseNode {
  readonly platform: string;
  readonly version: string;
  /** Holds `bin/node` and `LICENSE`. */
  readonly folder: string;
  readonly at: string;
  readonly digest: string;
  readonly proof: string;
}

export interface Nodes {
  readonly platforms: readonly ReleaseNode[];
  /** `darwin-x64: why`. */
  readonly gaps: readonly string[];
}

/** Platforms that get an archive. */
export const WANTED = ['linux-x64', 'linux-x64-musl', 'linux-arm64', 'linux-arm64-musl', 'darwin-x64', 'darwin-arm64'];

/**
 * The Node of each platform, as `scripts/release/polyenv.lock` has it: fetched, held against its digest and bundled by
 * polyenv itself. `program` takes its place where the installer is only tried out.
 */
export async function obtainNodes(options: {
  readonly root: string;
  readonly work: string;
  readonly program?: string;
}): Promise<Nodes> {
  const { root, work, program } = options;
  if (program !== undefined)
    return { platforms: WANTED.map((platform) => standIn(work, { platform, program })), gaps: [] };
  const project = join(work, 'node');
  mkdirSync(project);
  for (const file of ['polyenv.toml', 'polyenv.lock'])
    copyFileSync(join(root, 'scripts/release', file), join(project, file));
  const locked = readLock(join(project, 'polyenv.lock'));
  const have = WANTED.filter((platform) => locked.parts.has(platform));
  const bundle = join(project, 'bundle.tar');
  const polyenv = [join(root, 'dist/polyenv.cjs'), '-C', project, 'bundle', 'create', '-o', bundle, '--json'];
  const text = execFileSync(process.execPath, [...polyenv, ...have.flatMap((platform) => ['--platform', platform])], {
    encoding: 'utf8',
    env: { ...process.env, POLYENV_HOME: join(work, 'home') },
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 26,
  });
  const { archives } = JSON.parse(text) as {
    readonly archives: readonly { readonly platform: string; readonly digest: string }[];
  };
  const platforms: ReleaseNode[] = [];
  for (const platform of have) {
    const part = locked.parts.get(platform);
    const index = archives.findIndex(({ digest }) => digest === part?.digest);
    if (part === undefined || index === -1) throw new Error(`the bundle has no Node for ${platform}`);
    platforms.push({
      platform,
      version: locked.version,
      proof: locked.proof,
      ...part,
      folder: await unpackNode(work, { bundle, index, platform }),
    });
  }
  const missing = WANTED.filter((platform) => !locked.parts.has(platform));
  return {
    platforms,
    gaps: missing.map(
      (platform) => `${platform}: scripts/release/polyenv.lock has no Node for it; lock it where one can be had`,
    ),
  };
}

/** Of the archive only the program and its licence. */
async function unpackNode(
  work: string,
  of: { readonly bundle: string; readonly index: number; readonly platform: string },
): Promise<string> {
  const { bundle, index, platform } = of;
  const folder = join(work, `node-${platform}`);
  const raw = join(work, `raw-${platform}`);
  mkdirSync(raw);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  await extract({ file: bundle, cwd: raw }, [`archives/${index}`]);
  const archive = join(raw, 'archives', String(index));
  const names: string[] = [];
  await list({ file: archive, onReadEntry: ({ path }) => names.push(path) });
  const wanted = names.filter((name) => /^[^/]+\/(?:bin\/node|LICENSE)$/.test(name));
  await extract({ file: archive, cwd: raw, strip: 1 }, wanted);
  cpSync(join(raw, 'bin/node'), join(folder, 'bin/node'));
  if (wanted.some((name) => name.endsWith('/LICENSE'))) copyFileSync(join(raw, 'LICENSE'), join(folder, 'LICENSE'));
  return folder;
}

interface Locked {
  readonly version: string;
  readonly proof: string;
  readonly parts: ReadonlyMap<string, { readonly at: string; readonly digest: string }>;
}

/** The lock is written one line a part: the first of a platform is Node's own. */
function readLock(file: string): Locked {
  const text = readFileSync(file, 'utf8');
  const parts = new Map<string, { at: string; digest: string }>();
  for (const [, platform = '', at = '', digest = ''] of text.matchAll(
    /^([a-z0-9-]+) = \[\n {2}\{ at = "([^"]+)", digest = "([^"]+)"/gm,
  ))
    parts.set(platform, { at, digest });
  const word = (name: string): string => new RegExp(`^${name} = "([^"]+)"$`, 'm').exec(text)?.[1] ?? '';
  return { version: word('version'), proof: word('proof'), parts };
}

function standIn(
  work: string,
  { platform, program }: { readonly platform: string; readonly program: string },
): ReleaseNode {
  const folder = join(work, `node-${platform}`);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  copyFileSync(program, join(folder, 'bin/node'));
  writeFileSync(join(folder, 'LICENSE'), 'a stand-in\n');
  return { platform, version: '0.0.0', folder, at: `file:${program}`, digest: '', proof: 'none: a stand-in' };
}
