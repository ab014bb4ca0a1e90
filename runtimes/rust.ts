import {
  type Artifact,
  asArray,
  asBoolean,
  asMatching,
  asObject,
  asRecord,
  asRecordSkipping,
  asString,
  type Claim,
  cargoRustVersion,
  commandsIn,
  defaultVariable,
  endOfLifeOf,
  hexDigest,
  homebrew,
  imagesNamed,
  leadingNumbers,
  lifecycleFrom,
  malformed,
  newestFirst,
  optional,
  type Packing,
  type Part,
  PLATFORMS,
  type PlatformKey,
  PolyenvError,
  type Proof,
  polyglotManagers,
  present,
  type Recipe,
  type Release,
  type Runtime,
  rustScheme,
  rustToolchain,
  rustToolchainToml,
  type SigningKeys,
  type Source,
  type ToolRequest,
  type Upstream,
  unsetVariable,
  type Version,
} from '../src/kit';

const SITE = 'https://static.rust-lang.org';
const DIST = `${SITE}/dist`;

/** Every manifest that was ever published, one a line, without `https://`. Small mirrors do not carry it. */
const MANIFESTS = `${SITE}/manifests.txt`;

const KEYS: SigningKeys = {
  fingerprints: ['108F66205EAEB0AAA8DD5E1C85AB96E6FA1BE5FE'],
  material: () => `${SITE}/rust-key.gpg.ascii`,
};

/** Hosts by platform; a request may name another than the first (`stable-x86_64-pc-windows-gnu`). */
const HOSTS: Readonly<Record<PlatformKey, readonly [string, ...string[]]>> = {
  'linux-x64': ['x86_64-unknown-linux-gnu'],
  'linux-arm64': ['aarch64-unknown-linux-gnu'],
  'linux-x64-musl': ['x86_64-unknown-linux-musl'],
  'linux-arm64-musl': ['aarch64-unknown-linux-musl'],
  'darwin-x64': ['x86_64-apple-darwin'],
  'darwin-arm64': ['aarch64-apple-darwin'],
  'windows-x64': ['x86_64-pc-windows-msvc', 'x86_64-pc-windows-gnu'],
  'windows-arm64': ['aarch64-pc-windows-msvc'],
};

/** Schema 2 of channel manifests: https://forge.rust-lang.org/infra/channel-layout.html */
const decodeManifest = asObject({
  'manifest-version': asMatching(/^2$/, 'manifest-version 2'),
  date: asMatching(/^\d{4}-\d{2}-\d{2}$/, 'a date'),
  pkg: asRecord(
    asObject({
      version: asString,
      target: optional(
        asRecordSkipping(
          asObject({
            available: asBoolean,
            url: optional(asString),
            hash: optional(asString),
            xz_url: optional(asString),
            xz_hash: optional(asString),
          }),
        ),
      ),
    }),
  ),
  renames: optional(asRecordSkipping(asObject({ to: asString }))),
  profiles: optional(asRecordSkipping(asArray(asString))),
});

interface Manifest extends ReturnType<typeof decodeManifest> {
  readonly proof: Proof;
}

/**
 * The channels' signed manifests. A moving channel (`stable`, `nightly`, `1.88`) is first what its own manifest says; the
 * list of all manifests adds what came before. Nightlies and betas are versions by their date.
 */
const official: Source = {
  id: 'static.rust-lang.org',
  // As rustup has it: the root, below which everything stands as there.
  mirrors: [{ variable: 'RUSTUP_DIST_SERVER', from: SITE }],
  releases: async (upstream, request) => {
    const newest = await manifestAsked(upstream, request);
    const fixed = request.version.kind === 'exact' || /-\d{4}-\d{2}-\d{2}$/.test(channelAsked(request));
    const listed = fixed && newest !== undefined ? [] : await listedReleases(upstream);
    const others = newest === undefined && listed.length === 0 ? await followLine(upstream, request) : listed;
    const releases = [...(newest === undefined ? [] : [releaseOf(newest, request)]), ...others];
    const { variant } = request;
    return newestFirst(
      rustScheme,
      variant === undefined ? releases : releases.map((release) => ({ ...release, variant })),
    );
  },
  artifacts: async (upstream, release, request) => {
    const asked = await manifestAsked(upstream, request);
    const same = asked !== undefined && releaseOf(asked, request).version === release.version;
    const manifest = same ? asked : await readManifest(upstream, manifestOf(release));
    const artifacts = PLATFORMS.flatMap((platform): readonly Artifact[] => {
      const parts = partsOf({ manifest, release, request, platform });
      return parts === undefined ? [] : [{ platform, parts }];
    });
    const here = artifacts.some((artifact) => artifact.platform === upstream.platform);
    if (!here) explainGap(manifest, release, { request, platform: upstream.platform });
    return artifacts;
  },
  owns: readUrl,
};

function channelAsked({ version }: ToolRequest): string {
  if (version.kind === 'exact') return version.version;
  if (version.kind === 'channel') return version.name;
  return version.kind === 'prefix' && version.numbers.length === 2 ? version.numbers.join('.') : 'stable';
}

/** The manifest that the request itself names, if there is one. */
async function manifestAsked(upstream: Upstream, request: ToolRequest): Promise<Manifest | undefined> {
  const [, channel, date] = /^(.*)-(\d{4}-\d{2}-\d{2})$/.exec(channelAsked(request)) ?? [];
  const folder = date === undefined ? DIST : `${DIST}/${date}`;
  try {
    return await readManifest(upstream, `${folder}/channel-rust-${channel ?? channelAsked(request)}.toml`);
  } catch (error) {
    if (error instanceof PolyenvError && error.status === 404) return undefined;
    throw error;
  }
}

async function readManifest(upstream: Upstream, url: string): Promise<Manifest> {
  const { value, proof } = await upstream.signedToml(url, `${url}.asc`, KEYS, decodeManifest);
  return { ...value, proof };
}

/** Where a release's own manifest is: by its number, or by its channel and day. */
function manifestOf({ version }: Release): string {
  const [, channel, date] = /^([a-z]+)-(.*)$/.exec(version) ?? [];
  return channel === undefined
    ? `${DIST}/channel-rust-${version}.toml`
    : `${DIST}/${date}/channel-rust-${channel}.toml`;
}

function releaseOf(manifest: Manifest, request: ToolRequest): Release {
  const { date } = manifest;
  const number = rustScheme.version((manifest.pkg.rust?.version ?? '').replace(/^rustc /, '').split(' ')[0] ?? '');
  if (number === undefined) throw malformed("the manifest does not say Rust's version");
  const channel = /-(beta|nightly)/.exec(number)?.[1] ?? 'stable';
  // What was asked for by number keeps it; what moves is known by its day.
  const numbered = channel === 'stable' || /^\d/.test(channelAsked(request));
  const version = numbered ? number : rustScheme.version(`${channel}-${date}`);
  if (version === undefined) throw malformed(`${channel} of ${date} is no version of Rust`);
  return channel === 'stable' ? { version, date, channel, notes: notesOf(version) } : { version, date, channel };
}

async function listedReleases(upstream: Upstream): Promise<readonly Release[]> {
  const list = await upstream.optionalText(MANIFESTS).catch((error: unknown) => {
    if (error instanceof PolyenvError) return undefined;
    throw error;
  });
  return (list ?? '').split('\n').flatMap((line): readonly Release[] => {
    const [, date = '', name = ''] =
      /\/dist\/(\d{4}-\d{2}-\d{2})\/channel-rust-([0-9a-z.-]+)\.toml$/.exec(line.trim()) ?? [];
    const dated = name === 'nightly' || name === 'beta';
    const version = rustScheme.version(dated ? `${name}-${date}` : name);
    if (version === undefined || !/^(?:nightly|beta|\d+\.\d+\.\d+)/.test(name)) return [];
    const channel = dated ? name : (/-(beta|nightly)/.exec(version)?.[1] ?? 'stable');
    return [{ version, date, channel, ...(channel === 'stable' && { notes: notesOf(version) }) }];
  });
}

/** More patches than any line has had. */
const MOST_PATCHES = 12;

/** The releases of a line that has no manifest of its own (`1.8`), where there is no list of all: by their numbers, one by one. */
async function followLine(upstream: Upstream, { version }: ToolRequest): Promise<readonly Release[]> {
  if (version.kind !== 'prefix' || version.numbers.length !== 2) return [];
  const found: Release[] = [];
  for (let patch = 0; patch < MOST_PATCHES; patch += 1) {
    const request = { kind: 'exact', version: `${version.numbers.join('.')}.${patch}` as Version } as const;
    const manifest = await manifestAsked(upstream, {
      tool: 'rust',
      text: request.version,
      version: request,
      options: {},
    });
    if (manifest === undefined) return found;
    found.push({ version: request.version, channel: 'stable', date: manifest.date, notes: notesOf(request.version) });
  }
  return found;
}

function notesOf(version: Version): string {
  return `https://github.com/rust-lang/rust/releases/tag/${version}`;
}

/** Without a profile, Rust with Cargo, and the two tools that every project uses, where the release has them. */
const USUAL = { profile: 'minimal', more: ['clippy', 'rustfmt'] };

/** Without these a toolchain is none. */
const ESSENTIAL = ['rustc', 'cargo', 'rust-std'];

/** A manifest that knows no cargo for any host is of a release that came without one: that is a toolchain too. */
function essentialOf({ pkg }: Manifest): readonly string[] {
  return ESSENTIAL.filter((name) => name !== 'cargo' || Object.hasOwn(pkg, name));
}

interface Wanted {
  readonly manifest: Manifest;
  readonly release: Release;
  readonly request: ToolRequest;
  readonly platform: PlatformKey;
}

/** `undefined` where the platform lacks something that was asked for: that is a gap, never a smaller toolchain. */
function partsOf(wanted: Wanted): Artifact['parts'] | undefined {
  const { manifest, release, request, platform } = wanted;
  const host = hostOf(platform, request.variant);
  if (host === undefined || missingOf(wanted, host).length > 0) return undefined;
  const { components = [], targets = [] } = request.options;
  const names = [...profileOf(manifest, request), ...components].map((name) => packageOf(manifest, name));
  const found = [
    ...[...new Set(names)].map((name) => fileOf(manifest, name, host)),
    ...targets.map((target) => fileOf(manifest, 'rust-std', target)),
  ].filter((file) => file !== undefined);
  const parts = new Map<string, Part>();
  const packingOf = ({ url, hash }: File): Packing => {
    const digest = hexDigest('sha256', hash);
    const claim = { version: release.version, platform, at: url, ...(request.variant && { variant: request.variant }) };
    if (digest === undefined || readUrl(claim) === undefined) {
      throw malformed(`the manifest names ${JSON.stringify(url)}, which is no component of that release that we know`);
    }
    return { at: url, digest };
  };
  for (const { usual, smaller } of found) {
    const packing = packingOf(usual);
    parts.set(packing.at, {
      ...packing,
      proof: manifest.proof,
      ...(smaller !== undefined && { smaller: packingOf(smaller) }),
    });
  }
  const [first, ...rest] = parts.values();
  return first === undefined ? undefined : [first, ...rest];
}

/** What was asked for, or is essential, and is not there for the host. */
function missingOf({ manifest, request }: Wanted, host: string): readonly string[] {
  const { components = [], targets = [] } = request.options;
  return [
    ...[...essentialOf(manifest), ...components].filter(
      (name) => fileOf(manifest, packageOf(manifest, name), host) === undefined,
    ),
    ...targets.filter((target) => fileOf(manifest, 'rust-std', target) === undefined),
  ];
}

function profileOf({ profiles }: Manifest, { options }: ToolRequest): readonly string[] {
  const [profile] = options.profile ?? [];
  const members = profiles?.[profile ?? USUAL.profile] ?? (profile === undefined ? ESSENTIAL : undefined);
  if (members === undefined) {
    throw new PolyenvError('request-unsupported', `Rust has no profile ${JSON.stringify(profile)}`, {
      hint: `profiles: ${Object.keys(profiles ?? {}).join(', ')}`,
    });
  }
  return profile === undefined ? [...members, ...USUAL.more] : members;
}

/** A component's package: renamed ones may be absent, and a preview may be asked for by its short name. */
function packageOf({ pkg, renames }: Manifest, name: string): string {
  const known = (key: string | undefined): key is string => key !== undefined && Object.hasOwn(pkg, key);
  const renamed = renames !== undefined && Object.hasOwn(renames, name) ? renames[name]?.to : undefined;
  return [renamed, name, `${name}-preview`].find(known) ?? name;
}

function fileOf(
  { pkg }: Manifest,
  name: string,
  target: string,
): { readonly usual: File; readonly smaller?: File } | undefined {
  const targets = Object.hasOwn(pkg, name) ? pkg[name]?.target : undefined;
  const file = targets?.[target] ?? targets?.['*'];
  if (file?.available !== true) return undefined;
  const { url, hash, xz_url: smallerUrl, xz_hash: smallerHash } = file;
  const usual = url === undefined || hash === undefined ? undefined : { url, hash };
  const smaller =
    smallerUrl === undefined || smallerHash === undefined ? undefined : { url: smallerUrl, hash: smallerHash };
  // Some releases have only the one.
  if (usual === undefined) return smaller && { usual: smaller };
  return { usual, ...present({ smaller }) };
}

interface File {
  readonly url: string;
  readonly hash: string;
}

/** Says what this machine's platform lacks; returns if it is the platform itself. */
function explainGap(
  manifest: Manifest,
  release: Release,
  at: { readonly request: ToolRequest; readonly platform: PlatformKey },
): void {
  const host = hostOf(at.platform, at.request.variant);
  const missing = host === undefined ? [] : missingOf({ manifest, release, ...at }, host);
  const none = essentialOf(manifest).every((name) => missing.includes(name));
  const asked = none ? [] : missing;
  if (asked.length === 0) return;
  const moving =
    release.channel === 'stable' ? 'ask for another version' : 'pin an older day: polyenv ls-remote rust nightly';
  throw new PolyenvError('version-not-found', `rust ${release.version} has no ${asked.join(', ')} for ${host}`, {
    hint: moving,
  });
}

function hostOf(platform: PlatformKey, variant: string | undefined): string | undefined {
  return variant === undefined ? HOSTS[platform][0] : HOSTS[platform].find((host) => host === variant);
}

/** Components by the names of their archives, and those whose folders are called otherwise: previews, and what carries its target. */
const FOR_HOST = ['rustc', 'cargo', 'rust-mingw', 'rust-analysis', 'rustc-dev'];
const PREVIEWS = [
  ...['clippy', 'rustfmt', 'rls', 'rust-analyzer', 'llvm-tools', 'miri', 'rust-docs-json'],
  ...['llvm-bitcode-linker', 'rustc-codegen-cranelift', 'rustc-codegen-gcc'],
];
const WITH_TARGET = ['rust-std', 'rust-analysis'];

/** Not for the host alone: other targets' libraries, and documentation that hosts share. */
const FOR_ANY_TARGET = ['rust-std', 'rust-docs', 'rustc-docs', 'rust-docs-json'];
const FOR_ALL = ['rust-src'];

const FILE =
  /^(\d{4}-\d{2}-\d{2})\/([a-z][a-z0-9-]*?)-(\d[0-9a-z.-]*?|nightly|beta)(?:-([a-z0-9_]+-[a-z0-9_.-]+))?\.(tar\.gz|tar\.xz)$/;

/** `dist/<day>/<component>-<version or channel>[-<target>].tar.gz`, laid out as https://github.com/rust-lang/rust/tree/master/src/tools/rust-installer */
function readUrl({ version, platform, variant, at }: Claim): Recipe | undefined {
  const host = hostOf(platform, variant);
  const early = earlyCargo({ version, at, host });
  if (early !== undefined) return early;
  const path = at.startsWith(`${DIST}/`) ? at.slice(DIST.length + 1) : '';
  const [, day, name = '', spelt = '', target, format] = FILE.exec(path) ?? [];
  if (host === undefined || !(isOf(version, { day, spelt }) || isOwnNumber(version, { day, spelt, name })))
    return undefined;
  const known = target === host ? [...FOR_HOST, ...PREVIEWS, ...FOR_ANY_TARGET] : target ? FOR_ANY_TARGET : FOR_ALL;
  if (!known.includes(name)) return undefined;
  const top = path.slice(path.indexOf('/') + 1, -'.tar.gz'.length);
  const folder = PREVIEWS.includes(name) ? `${name}-preview` : WITH_TARGET.includes(name) ? `${name}-${target}` : name;
  return { format: format === 'tar.xz' ? 'tar.xz' : 'tar.gz', root: `${top}/${folder}`, skip: ['manifest.in'] };
}

/** Until 1.16 a release names a nightly of cargo, of a day of its own, which lies in a folder beside `dist`. */
function earlyCargo(claim: { readonly version: Version; readonly at: string; readonly host: string | undefined }) {
  const { version, at, host } = claim;
  const minor = /^1\.(\d+)\.\d+$/.exec(version)?.[1];
  const path = at.startsWith(`${SITE}/`) ? at.slice(SITE.length + 1) : '';
  const [, file, format] = /^cargo-dist\/\d{4}-\d{2}-\d{2}\/(.+)\.(tar\.[gx]z)$/.exec(path) ?? [];
  if (host === undefined || minor === undefined || Number(minor) > 16 || file !== `cargo-nightly-${host}`)
    return undefined;
  return { format: format as 'tar.gz' | 'tar.xz', root: `${file}/cargo`, skip: ['manifest.in'] } satisfies Recipe;
}

/** A numbered beta's files are called `beta`, of whichever day it is. */
function isOf(version: Version, { day, spelt }: { readonly day: string | undefined; readonly spelt: string }): boolean {
  if (day === undefined) return false;
  if (spelt === version) return true;
  return version === `${spelt}-${day}` || (spelt === 'beta' && /^\d.*-beta\.\d+$/.test(version));
}

/** Until 1.47 these tools' archives were called by numbers of their own: cargo's minor one is one more than Rust's. */
const NUMBERED = ['cargo', 'clippy', 'rustfmt', 'rls', 'miri'];

function isOwnNumber(
  version: Version,
  { day, spelt, name }: { readonly day: string | undefined; readonly spelt: string; readonly name: string },
): boolean {
  const minor = /^1\.(\d+)\.\d+$/.exec(version)?.[1];
  if (day === undefined || minor === undefined || Number(minor) > 47 || !NUMBERED.includes(name)) return false;
  return name === 'cargo' ? new RegExp(`^0\\.${Number(minor) + 1}\\.\\d+$`).test(spelt) : /^\d+\.\d+\.\d+$/.test(spelt);
}

const COMMANDS = /^(?:rustc|rustdoc|rustfmt|rust-[a-z-]+|cargo|cargo-[a-z-]+|clippy-driver|miri|rls)$/;

/** Rust: https://www.rust-lang.org. Toolchains run by themselves, without rustup; `cargo +nightly` asks polyenv. */
export const runtime: Runtime = {
  id: 'rust',
  title: 'Rust',
  homepage: 'https://www.rust-lang.org',
  license: 'MIT OR Apache-2.0',
  scheme: rustScheme,
  options: [
    {
      name: 'components',
      flag: 'component',
      describe: 'a further component, as rust-analyzer or rust-src',
      pattern: /^[a-z][a-z0-9-]{0,63}$/,
    },
    {
      name: 'targets',
      flag: 'target',
      describe: 'a further target to compile for, as wasm32-unknown-unknown',
      pattern: /^[a-z0-9_]+(?:-[a-z0-9_.]+){1,5}$/,
    },
    {
      name: 'profile',
      flag: 'profile',
      describe: 'minimal, default or complete, instead of minimal with clippy and rustfmt',
      single: true,
      pattern: /^[a-z]{1,32}$/,
    },
  ],
  commands: ['cargo', 'rustc', 'rustdoc', 'rustfmt', 'cargo-clippy', 'cargo-fmt'],
  pins: [rustToolchain, rustToolchainToml, cargoRustVersion],
  sources: [official],
  layout: (tree, { home, personHome, env, isolation }) => {
    const cargo = isolation === 'strict' ? `${home}/cargo` : env.CARGO_HOME || `${personHome}/.cargo`;
    return {
      commands: commandsIn(tree, 'bin', COMMANDS),
      variables: [
        defaultVariable('CARGO_INSTALL_ROOT', `${home}/install`),
        // By it cargo would look for rustup's toolchains.
        unsetVariable('RUSTUP_TOOLCHAIN'),
        // A compiler that a start-up file names is not the pinned one.
        ...['RUSTC', 'RUSTDOC'].map((name) => defaultVariable(name)),
        ...(isolation === 'strict' ? [defaultVariable('CARGO_HOME', cargo)] : []),
        // Where it is not on PATH, cargo looks there first, and prefers rustup's proxies to the pin.
        { op: 'append', name: 'PATH', value: `${cargo}/bin` },
      ],
      bins: [`${home}/install/bin`],
      homes: [`${home}/install/bin`],
      installs: [{ command: 'cargo', words: ['install', 'uninstall'], flags: [] }],
      shared: isolation === 'strict' ? [] : [cargo],
    };
  },
  probe: { command: 'rustc', args: ['--version'], version: (output) => /^rustc (\d\S*)/m.exec(output)?.[1] },
  discover: [
    {
      manager: 'rustup',
      folders: ({ env, personHome }) => [`${env.RUSTUP_HOME || `${personHome}/.rustup`}/toolchains/*`],
      choice: {
        files: ({ env, personHome }) => [`${env.RUSTUP_HOME || `${personHome}/.rustup`}/settings.toml`],
        read: (document) => /^default_toolchain = "([^"]+)"/m.exec(document.text)?.[1],
      },
    },
    ...polyglotManagers({ mise: 'rust', asdf: 'rust', below: '/toolchains/*' }),
    homebrew('rust'),
    { manager: 'system', folders: () => ['/usr/local', '/usr', '/usr/lib/rust-*'] },
  ],
  // As rustup has it, whose own names of toolchains these are: https://rust-lang.github.io/rustup/overrides.html
  overrides: [{ variable: 'RUSTUP_TOOLCHAIN', request: (value) => value }],
  plusVersion: ['cargo', 'rustc', 'rustdoc', 'rustfmt'],
  advice: {
    channels: [
      { word: 'stable', describe: 'the newest stable release' },
      { word: 'beta', describe: 'what is stable next' },
      { word: 'nightly', describe: "today's" },
    ],
    editor: (tree, { toolchain, path }) => ({
      // https://rust-analyzer.github.io/book/configuration
      vscode: [
        ...(tree.has('bin/rust-analyzer')
          ? [{ path: ['rust-analyzer.server.path'] as const, value: `${toolchain}/bin/rust-analyzer` }]
          : []),
        { path: ['rust-analyzer.server.extraEnv', 'PATH'], value: path },
      ],
      idea: { steps: [`Settings > Rust > Toolchain location: ${toolchain}/bin`] },
    }),
    evidence: [
      { file: 'Cargo.lock', describe: 'the lock file of cargo' },
      { file: 'Cargo.toml', describe: 'a package of Rust' },
      { file: '*.rs', describe: 'sources in Rust' },
    ],
    // A release is supported until the next one: https://www.rust-lang.org/governance/policies/
    needs: {
      file: 'Cargo.lock',
      packages: (lines) =>
        lines.flatMap((text, index) => {
          const name = /^name = "([A-Za-z0-9_-]{1,64})"$/.exec(text)?.[1];
          return name === undefined ? [] : [{ name, line: index + 1 }];
        }),
      libraries: {
        'alsa-sys': ['alsa'],
        'libudev-sys': ['libudev'],
        'wayland-sys': ['wayland-client'],
        'openssl-sys': ['openssl'],
        'libdbus-sys': ['dbus-1'],
        'libpulse-sys': ['libpulse'],
        'jack-sys': ['jack'],
        'yeslogic-fontconfig-sys': ['fontconfig'],
        'servo-fontconfig-sys': ['fontconfig'],
        'glib-sys': ['glib-2.0'],
        'gtk-sys': ['gtk+-3.0'],
        'gtk4-sys': ['gtk4'],
        'gdk-pixbuf-sys': ['gdk-pixbuf-2.0'],
        'cairo-sys-rs': ['cairo'],
        'pango-sys': ['pango'],
        'webkit2gtk-sys': ['webkit2gtk-4.1'],
        'soup3-sys': ['libsoup-3.0'],
        'libspa-sys': ['libpipewire-0.3'],
        'pipewire-sys': ['libpipewire-0.3'],
        'systemd-sys': ['libsystemd'],
        'libusb1-sys': ['libusb-1.0'],
        'v4l2-sys-mit': ['libv4l2'],
        'gstreamer-sys': ['gstreamer-1.0'],
        'input-sys': ['libinput'],
        'gbm-sys': ['gbm'],
      },
      spared: { 'openssl-sys': ['openssl-src'], 'wayland-sys': ['dlib'] },
    },
    mentions: {
      images: imagesNamed(
        'rust',
        'cimg/rust',
        'circleci/rust',
        'bitnami/rust',
        'devcontainers/rust',
        'chainguard/rust',
      ),
      steps: {
        'dtolnay/rust-toolchain': { inputs: ['toolchain'], ref: true },
        'actions-rust-lang/setup-rust-toolchain': { inputs: ['toolchain'] },
        'actions-rs/toolchain': { inputs: ['toolchain'] },
      },
      features: ['rust'],
      keys: { '.readthedocs': ['build.tools.rust'], '.travis': ['rust'] },
    },
    releaseNotes: (version) =>
      /^[\d.]+$/.test(version) ? notesOf(version) : 'https://github.com/rust-lang/rust/blob/HEAD/RELEASES.md',
    lifecycle: lifecycleFrom(
      (version) => leadingNumbers(version, 2),
      `1.98; 1.97 ..2026-08-20; 1.96 ..2026-07-09; 1.95 ..2026-05-28; 1.94 ..2026-04-16; 1.93 ..2026-03-06
      1.92 ..2026-01-22; 1.91 ..2025-12-11; 1.90 ..2025-10-30; 1.89 ..2025-09-18; 1.88 ..2025-08-07; 1.87 ..2025-06-26
      1.86 ..2025-05-15; 1.85 ..2025-04-03; 1.84 ..2025-02-20; 1.83 ..2025-01-09; 1.82 ..2024-11-28; 1.81 ..2024-10-17
      1.80 ..2024-09-05; 1.79 ..2024-07-25; 1.78 ..2024-06-13; 1.77 ..2024-05-02; 1.76 ..2024-03-21; 1.75 ..2024-02-08
      1.74 ..2023-12-28; 1.73 ..2023-11-17; 1.72 ..2023-10-06; 1.71 ..2023-08-25; 1.70 ..2023-07-14; 1.69 ..2023-06-02
      1.68 ..2023-04-21; 1.67 ..2023-03-10; 1.66 ..2023-01-27; 1.65 ..2022-12-16; 1.64 ..2022-11-04; 1.63 ..2022-09-23
      1.62 ..2022-08-12; 1.61 ..2022-07-01; 1.60 ..2022-05-20; 1.59 ..2022-04-08; 1.58 ..2022-02-25; 1.57 ..2022-01-14
      1.56 ..2021-12-03; 1.55 ..2021-10-22; 1.54 ..2021-09-10; 1.53 ..2021-07-30; 1.52 ..2021-06-18; 1.51 ..2021-05-07`,
      endOfLifeOf('rust'),
    ),
  },
};
