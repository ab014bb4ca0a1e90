import { basename, dirname, join, relative } from 'node:path';
import { type OwnPackage, renderWrapper } from '../../adapters/documents/wrapper';
import { ensureFolder, readTextIfAny } from '../../adapters/files/fs';
import { writeAtomic } from '../../adapters/files/write-atomic';
import { originOf } from '../../adapters/home/own-versions';
import { normalizeUrl, refuseUnprotected } from '../../adapters/net/url';
import { listToolchains, readTree } from '../../adapters/store/store';
import { installedPackage, isInstalledPackage, ownStart } from '../../adapters/system/own-package';
import { devcontainer } from '../../domain/making/devcontainer';
import { dockerfile } from '../../domain/making/dockerfile';
import { githubActions } from '../../domain/making/github-actions';
import { gitlabCi } from '../../domain/making/gitlab-ci';
import type { Fetch, ProjectFacts, ToolchainVariable } from '../../domain/making/project-facts';
import { storeCompose, storeKubernetes } from '../../domain/making/store-files';
import type { TemplateGenerated } from '../../domain/making/template';
import { needsTrust } from '../../domain/project/trust';
import { integrityDigest, parseDigest } from '../../domain/runtime/digest';
import type { PlatformKey } from '../../domain/runtime/platform';
import type { Runtime } from '../../domain/runtime/runtime';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { findProjectsBelow } from '../changes/install-all';
import { isInside } from '../project/inside';
import { readManifest } from '../project/manifests';
import { findProject } from '../project/project';
import { type SERVICE_FILES, serviceFile } from './service-files';

const WRAPPER = 'polyenvw';

/** Kinds of files that can be generated, each with its place in the project. */
export const GENERATED = {
  'github-actions': '.github/workflows/polyenv.yml',
  'gitlab-ci': '.gitlab-ci.yml',
  dockerfile: 'Dockerfile',
  devcontainer: '.devcontainer/devcontainer.json',
  wrapper: WRAPPER,
  compose: 'compose.yaml',
  kubernetes: 'kubernetes.yaml',
  'store-compose': 'compose.store.yaml',
  'store-kubernetes': 'store-kubernetes.yaml',
  'maven-toolchains': 'toolchains.xml',
  'gradle-jdks': 'gradle-jdks.properties',
} as const;

export type GeneratedKind = keyof typeof GENERATED;

export interface Generated {
  /** The folder that it belongs to. */
  readonly directory: string;
  /** Absolute. */
  readonly file: string;
  readonly text: string;
  readonly mode: number;
  /** Whether it calls a wrapper that the project does not have yet. */
  readonly wrapper: 'there' | 'missing' | 'unneeded';
}

/** Where the package of polyenv is, as the person says it. */
export interface PackageWords {
  readonly url?: string | undefined;
  readonly digest?: string | undefined;
  /** The registry that says the digests of images: `registry.example`. */
  readonly registry?: string | undefined;
}

/** Writes what a template wants generated into its new project, whose lock may come later. Returns the places. */
export async function generateInNew(ctx: Context, kinds: readonly TemplateGenerated[]): Promise<readonly string[]> {
  if (kinds.length === 0) return [];
  const { directory, facts } = await readFacts(ctx);
  for (const kind of kinds) {
    const text = MAKERS[kind]({ ...facts, polyenv: 'polyenv' });
    await writeGenerated(
      { file: join(directory, GENERATED[kind]), text, mode: 0o644 },
      { directory, replace: 'nothing' },
    );
  }
  return kinds.map((kind) => GENERATED[kind]);
}

/** The text of a file for the folder's project. Throws `manifest-missing` and `lock-missing`: without a lock there is nothing to be exact about. */
export async function generate(ctx: Context, kind: GeneratedKind, words: PackageWords): Promise<Generated> {
  if (isStoreFile(kind)) {
    // A registry serves many projects, and stands in the folder of none.
    const { directory } = ctx;
    const file = join(directory, GENERATED[kind]);
    return { directory, file, text: STORE_FILES[kind](), mode: 0o644, wrapper: 'unneeded' };
  }
  if (kind === 'compose' || kind === 'kubernetes') {
    const { directory } = await findProject(ctx, ctx.directory);
    const text = await serviceFile(ctx, kind, words.registry);
    return { directory, file: join(directory, GENERATED[kind]), text, mode: 0o644, wrapper: 'unneeded' };
  }
  if (isListing(kind)) {
    const { directory } = ctx;
    return {
      directory,
      file: join(directory, GENERATED[kind]),
      text: await listing(ctx, kind),
      mode: 0o644,
      wrapper: 'unneeded',
    };
  }
  const { directory, facts } = await readFacts(ctx);
  await refuseUnlocked(directory);
  const file = join(directory, GENERATED[kind]);
  if (kind === 'wrapper')
    return { directory, file, text: renderWrapper(await findPackage(ctx, words)), mode: 0o755, wrapper: 'unneeded' };
  if (words.url !== undefined || words.digest !== undefined) {
    throw new PolyenvError('usage', '--url and --digest are for the wrapper, which the other files call', {
      hint: `polyenv generate wrapper --write --url URL --digest sha256:HEX, then polyenv generate ${kind}`,
    });
  }
  const wrapper = (await readTextIfAny(join(directory, WRAPPER))) === undefined ? 'missing' : 'there';
  const fetch = wrapper === 'there' ? undefined : await fetchOf(ctx);
  const all: ProjectFacts = {
    ...facts,
    polyenv: wrapper === 'there' ? `./${WRAPPER}` : 'polyenv',
    ...present({ fetch }),
    folders: await lockedFolders(ctx, directory),
  };
  const needed = wrapper === 'missing' && fetch === undefined ? 'missing' : wrapper === 'there' ? 'there' : 'unneeded';
  return { directory, file, text: MAKERS[kind](all), mode: 0o644, wrapper: needed };
}

/** How another machine gets this very polyenv: as this one did. */
async function fetchOf(ctx: Context): Promise<Fetch | undefined> {
  const origin = originOf(ctx.home, ctx.host.program);
  if (origin === 'npm-global' || origin === 'npm-project') return { kind: 'npm', version: __VERSION__ };
  if (origin !== 'archive') return undefined;
  const { releaseArchives } = await import('../changes/self-update');
  const machines: readonly (readonly [string, PlatformKey])[] = [
    ['x86_64', 'linux-x64'],
    ['aarch64', 'linux-arm64'],
  ];
  const found = await releaseArchives(
    ctx,
    machines.map(([, platform]) => platform),
  );
  const archives = machines.flatMap(([machine, platform]) => {
    const archive = found.get(platform);
    return archive === undefined ? [] : [{ machine, url: archive.url, sha256: archive.digest.value }];
  });
  return archives.length === 0 ? undefined : { kind: 'release', archives };
}

/** Folders below the project that have a lock of their own. */
async function lockedFolders(ctx: Context, directory: string): Promise<NonNullable<ProjectFacts['folders']>> {
  const below = (await findProjectsBelow(ctx, directory)).filter(({ folder }) => folder !== directory);
  const found: { path: string; trust: boolean }[] = [];
  for (const { folder } of below) {
    if ((await readTextIfAny(join(folder, 'polyenv.lock'))) === undefined) continue;
    const manifest = (await readManifest(folder, 'polyenv.toml'))?.manifest;
    found.push({ path: relative(directory, folder), trust: manifest !== undefined && needsTrust({ manifest }) });
  }
  return found;
}

const STORE_FILES = { 'store-compose': storeCompose, 'store-kubernetes': storeKubernetes } as const;

/** Of this machine's toolchains, whatever a project pins. */
const LISTINGS = ['maven-toolchains', 'gradle-jdks'] as const;

function isListing(kind: GeneratedKind): kind is (typeof LISTINGS)[number] {
  return LISTINGS.some((one) => one === kind);
}

async function listing(ctx: Context, kind: (typeof LISTINGS)[number]): Promise<string> {
  const runtime = (await loadRuntimes()).find(({ advice }) => advice?.listings?.[kind] !== undefined);
  const here = (await listToolchains(ctx.home)).filter(({ tool }) => tool === runtime?.id);
  const usable = here
    .filter(({ variant, platform }) => variant === undefined && platform === ctx.platform)
    .sort((a, b) => runtime?.scheme.compare(b.version, a.version) ?? 0);
  if (runtime === undefined || usable.length === 0) {
    throw new PolyenvError('not-installed', `no ${runtime?.id ?? 'toolchain'} is installed or linked here`, {
      hint: `polyenv install ${runtime?.id ?? 'TOOL'}@lts`,
    });
  }
  const listed = usable.map(({ version, vendor, root, platform }) => ({
    version,
    root,
    tree: readTree(root, version, platform),
    ...present({ vendor }),
  }));
  return runtime.advice?.listings?.[kind]?.(listed) ?? '';
}

function isStoreFile(kind: GeneratedKind): kind is keyof typeof STORE_FILES {
  return kind in STORE_FILES;
}

const MAKERS: Readonly<
  Record<
    Exclude<
      GeneratedKind,
      'wrapper' | keyof typeof SERVICE_FILES | keyof typeof STORE_FILES | (typeof LISTINGS)[number]
    >,
    (facts: ProjectFacts) => string
  >
> = {
  'github-actions': githubActions,
  'gitlab-ci': gitlabCi,
  dockerfile,
  devcontainer,
};

/** Puts the file into its place. Throws `usage` where another stands there, unless it is to be replaced. */
export async function writeGenerated(
  { file, text, mode }: Pick<Generated, 'file' | 'text' | 'mode'>,
  { directory, replace }: { readonly directory: string; readonly replace: 'others' | 'nothing' },
): Promise<'written' | 'unchanged'> {
  if (
    !isInside(directory, dirname(file).slice(directory.length + 1)) ||
    !isInside(directory, file.slice(directory.length + 1))
  )
    throw new PolyenvError('path-refused', `${file} leads out of the project`, { where: { file } });
  const before = await readTextIfAny(file);
  if (before === text) return 'unchanged';
  if (before !== undefined && replace === 'nothing') {
    throw new PolyenvError('usage', `${basename(file)} is there already, and says something else`, {
      where: { file },
      hint: 'compare it with what is printed without --write, then add --force',
    });
  }
  await ensureFolder(dirname(file));
  await writeAtomic(file, text, { mode });
  return 'written';
}

async function readFacts(
  ctx: Context,
): Promise<{ readonly directory: string; readonly facts: Omit<ProjectFacts, 'polyenv'> }> {
  const { directory } = await findProject(ctx, ctx.directory);
  const manifest = (await readManifest(directory, 'polyenv.toml'))?.manifest;
  if (manifest === undefined) {
    throw new PolyenvError('manifest-missing', `${directory} has no polyenv.toml`, { hint: 'polyenv init' });
  }
  return {
    directory,
    facts: {
      name: basename(directory) || 'project',
      trust: needsTrust({ manifest }),
      tasks: manifest.tasks.map(({ name }) => name),
      variables: variablesOf(
        await loadRuntimes(),
        manifest.runtimes.map(({ tool }) => tool),
      ),
    },
  };
}

async function refuseUnlocked(directory: string): Promise<void> {
  if ((await readTextIfAny(join(directory, 'polyenv.lock'))) === undefined) {
    throw new PolyenvError('lock-missing', `${directory} has no polyenv.lock for others to be given`, {
      where: { file: join(directory, 'polyenv.lock') },
      hint: 'polyenv lock',
    });
  }
}

async function findPackage(ctx: Context, { url, digest }: PackageWords): Promise<OwnPackage> {
  if ((url === undefined) !== (digest === undefined)) {
    throw new PolyenvError('usage', '--url and --digest belong together', { hint: ASK });
  }
  if (url !== undefined && digest !== undefined) {
    const read = parseDigest(digest) ?? integrityDigest(digest);
    if (read === undefined || read.kind === 'h1') {
      throw new PolyenvError('usage', `--digest ${JSON.stringify(digest)} is neither sha256:HEX nor sha512:HEX`, {
        hint: 'sha256sum FILE prints it',
      });
    }
    return checked(ctx, { url, digest: read });
  }
  const found = (await installedPackage(ctx.host)) ?? (await packageOfRegistry(ctx));
  if (found === undefined) {
    throw new PolyenvError(
      'usage',
      'where this polyenv was installed from cannot be known, so no digest of it can be',
      {
        hint: ASK,
      },
    );
  }
  return checked(ctx, found);
}

const ASK = 'polyenv generate wrapper --url https://HOST/polyenv.tgz --digest sha256:HEX';

function checked(ctx: Context, { url: text, digest }: OwnPackage): OwnPackage {
  const url = normalizeUrl(text);
  if (url.username !== '' || url.password !== '') {
    throw new PolyenvError('usage', 'the URL of the package has a user or a password, which must not be committed', {
      hint: 'leave it out; curl reads ~/.netrc',
    });
  }
  refuseUnprotected(url, ctx.settings, 'the package of polyenv');
  return { url: url.href, digest };
}

/** The package in the registry that npm is configured for here, if it really holds this polyenv: a name alone says nothing. */
async function packageOfRegistry(ctx: Context): Promise<OwnPackage | undefined> {
  if (!isInstalledPackage(ctx.host)) return undefined;
  const { upstream } = await ctx.network();
  const offered = (await upstream.npm.packument('polyenv'))?.versions[__VERSION__];
  if (offered?.digest === undefined) return undefined;
  const { digest, proof } = offered;
  const at = `npm:polyenv@${__VERSION__}` as const;
  const { url } = await upstream.locate(at);
  const start = await upstream.member(
    { at, digest, proof },
    { format: 'tar.gz', root: 'package' },
    'package/dist/polyenv.cjs',
  );
  return start === (await ownStart(ctx.host)) ? { url, digest } : undefined;
}

/** Where a toolchain of an image lies is known by its link; which variables name it, by the layout of a Linux tree. */
function variablesOf(runtimes: readonly Runtime[], pinned: readonly string[]): readonly ToolchainVariable[] {
  const toolchain = '/toolchain';
  const place = { toolchain, home: '/home', project: '/', personHome: '/', isolation: 'default', env: {} } as const;
  return runtimes
    .filter(({ id }) => pinned.includes(id))
    .flatMap((runtime) => {
      const tree = { version: '0' as Version, platform: 'linux-x64', has: () => false, list: () => [] } as const;
      return runtime.layout(tree, place).variables.flatMap((op): readonly ToolchainVariable[] => {
        if (op.op !== 'set' || !(op.value === toolchain || op.value.startsWith(`${toolchain}/`))) return [];
        return [{ name: op.name, tool: runtime.id, path: op.value.slice(toolchain.length) }];
      });
    });
}
