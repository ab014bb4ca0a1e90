import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { extract } from 'tar';
import { runtime } from '../../runtimes/node';
import { openTreeWriter } from '../../src/adapters/archives/tree-writer';
import { unpackFile } from '../../src/adapters/archives/unpack';
import { type PlatformKey, present, type Version } from '../../src/kit';

export interface ReleaseNode {
  readonly platform: string;
  readonly version: string;
  /** Holds `bin/node` and `LICENSE`. */
  readonly folder: string;
  /** Libraries of that program, which looks for them two folders above its own, under this folder's name. */
  readonly libraries?: string;
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
export const WANTED: readonly PlatformKey[] = [
  'linux-x64',
  'linux-x64-musl',
  'linux-arm64',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
];

/**
 * The Node of each platform, as `scripts/release/polyenv.lock` has it: fetched, held against its digest and bundled by
 * polyenv itself. `program` takes its place where the installer is only tried out.
 */
export async function obtainNodes(options: {
  readonly root: string;
  readonly work: string;
  readonly program?: string;
  /** Only these platforms. */
  readonly platforms?: readonly string[];
}): Promise<Nodes> {
  const { root, work, program } = options;
  const wanted = WANTED.filter((platform) => options.platforms?.includes(platform) ?? true);
  if (program !== undefined)
    return { platforms: wanted.map((platform) => standIn(work, { platform, program })), gaps: [] };
  const project = join(work, 'node');
  mkdirSync(project);
  for (const file of ['polyenv.toml', 'polyenv.lock'])
    copyFileSync(join(root, 'scripts/release', file), join(project, file));
  const locked = readLock(join(project, 'polyenv.lock'));
  const have = wanted.filter((platform) => locked.parts.has(platform));
  const bundle = join(project, 'bundle.tar');
  const polyenv = [join(root, 'dist/polyenv.cjs'), '-C', project, 'bundle', 'create', '-o', bundle, '--quiet'];
  execFileSync(process.execPath, [...polyenv, ...have.flatMap((platform) => ['--platform', platform])], {
    env: { ...process.env, POLYENV_HOME: join(work, 'home') },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await extract({ file: bundle, cwd: project });
  const blobs = join(project, 'blobs/sha256');
  const platforms: ReleaseNode[] = [];
  for (const platform of have) {
    const part = locked.parts.get(platform);
    const archive = part && blobOf(blobs, part.digest);
    if (part === undefined || archive === undefined) throw new Error(`the bundle has no Node for ${platform}`);
    const { version, proof } = locked;
    const unpacked = await unpackNode({ root, work, archive, platform, version, at: part.at });
    platforms.push({ platform, version, proof, ...part, ...unpacked });
  }
  const missing = wanted.filter((platform) => !locked.parts.has(platform));
  return {
    platforms,
    gaps: missing.map(
      (platform) => `${platform}: scripts/release/polyenv.lock has no Node for it; lock it where one can be had`,
    ),
  };
}

/** The archive with that digest (`sha512:...`) in a bundle, whose own names are by sha256. */
function blobOf(blobs: string, digest: string): string | undefined {
  const [algorithm = '', hex] = digest.split(':');
  return readdirSync(blobs)
    .map((name) => join(blobs, name))
    .find((file) => createHash(algorithm).update(readFileSync(file)).digest('hex') === hex);
}

/** Of the archive only the program, its licence, and the libraries that the archive brings for it. */
async function unpackNode(of: {
  readonly root: string;
  readonly work: string;
  readonly archive: string;
  readonly platform: PlatformKey;
  readonly version: Version;
  readonly at: string;
}): Promise<Pick<ReleaseNode, 'folder' | 'libraries'>> {
  const { root, work, archive, platform, version, at } = of;
  const recipe = runtime.sources.flatMap((source) => source.owns({ version, platform, at }) ?? [])[0];
  if (recipe === undefined) throw new Error(`no source of Node.js has ${at}`);
  const into = join(work, `raw-${platform}`);
  mkdirSync(into);
  const writer = openTreeWriter({
    into,
    recipe: { ...recipe, links: [], take: ['**/bin/node', 'LICENSE', '*.libs/**'] },
  });
  await unpackFile(archive, { format: recipe.format, sink: writer });
  await writer.finish();
  const files = readdirSync(into, { recursive: true, encoding: 'utf8' });
  const program = files.find((file) => `/${file}`.endsWith('/bin/node'));
  if (program === undefined) throw new Error(`${at} has no bin/node`);
  const folder = join(work, `node-${platform}`);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  cpSync(join(into, program), join(folder, 'bin/node'));
  // A wheel comes without Node's own licence, which goes wherever its program goes.
  cpSync(
    files.includes('LICENSE') ? join(into, 'LICENSE') : join(root, 'scripts/release/LICENSE.node'),
    join(folder, 'LICENSE'),
  );
  const libraries = files.find((file) => /^[^/]+\.libs$/.test(file));
  return { folder, ...present({ libraries: libraries && join(into, libraries) }) };
}

interface Locked {
  readonly version: Version;
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
  return { version: word('version') as Version, proof: word('proof'), parts };
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
