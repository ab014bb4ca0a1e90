import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GoBuild } from '../../domain/runtime/artifact';
import type { Digest } from '../../domain/runtime/digest';
import type { PlatformKey } from '../../domain/runtime/platform';
import { platformOf } from '../../domain/runtime/platform';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import type { Host } from '../../host';
import type { UnpackedFile } from '../archives/tree-writer';
import { capture } from '../children/capture';

export interface GoBuildOptions {
  readonly host: Host;
  readonly build: GoBuild;
  /** What the module must hash to. */
  readonly digest: Digest;
  /** The root of a Go toolchain, absolute. */
  readonly go: string;
  readonly platform: PlatformKey;
  /** Where Go is told to fetch from: `GOPROXY`, `GOSUMDB`. */
  readonly from: Readonly<Record<string, string>>;
  /** The tree's root: the program comes into its `bin`. */
  readonly into: string;
  /** An empty folder for all that the build needs and nobody afterwards. */
  readonly scratch: string;
}

/**
 * Builds a program from its module: everything in a folder of its own, nothing of the person's settings, all that is fetched
 * held against Go's checksum database by Go itself. Throws `child-failed` with what Go said, and `digest-mismatch` where the program says that it was built
 * from something else.
 */
export async function buildGoProgram(options: GoBuildOptions): Promise<readonly UnpackedFile[]> {
  const { build, go, into } = options;
  const bin = join(into, 'bin');
  const home = join(options.scratch, 'home');
  for (const folder of [bin, home, join(options.scratch, 'tmp')]) mkdirSync(folder, { recursive: true });
  const variables = Object.entries(build.variables).map(([name, value]) => `-X=${name}=${value}`);
  const args = ['install', '-trimpath', `-ldflags=${['-s', '-w', ...variables].join(' ')}`];
  await runGo(options, [...args, `${build.package}@${build.version}`]);
  const program = join(bin, build.program);
  const facts = await runGo({ ...options, go }, ['version', '-m', program]);
  checkOrigin(options, facts);
  chmodSync(program, 0o555);
  const content = readFileSync(program);
  const digest = createHash('sha256').update(content).digest('hex');
  return [{ path: `bin/${build.program}`, mode: lstatSync(program).mode & 0o777, size: content.length, digest }];
}

/** What the linker wrote into the program: https://pkg.go.dev/runtime/debug#BuildInfo */
function checkOrigin({ build, digest }: GoBuildOptions, facts: string): void {
  const [, module, version, sum] = /^\tmod\t(\S+)\t(\S+)\t(h1:\S+)$/m.exec(facts) ?? [];
  const isRight = module === build.module && version === build.version && sum === `h1:${digest.value}`;
  // guard: built-from
  if (digest.kind !== 'h1' || !isRight) {
    throw new PolyenvError(
      'digest-mismatch',
      `${build.program} was built from ${module ?? 'nothing known'} ${version ?? ''} ${sum ?? ''}, not from ${build.module} ${build.version} h1:${digest.value}`,
      { hint: 'nothing was installed; ask who runs the module proxy: go env GOPROXY' },
    );
  }
}

async function runGo(options: GoBuildOptions, args: readonly string[]): Promise<string> {
  const { build, go, scratch } = options;
  const program = { file: join(go, 'bin', 'go'), args, env: environmentFor(options), cwd: scratch };
  const { exit, stdout, stderr } = await capture(program, LONGEST_BUILD);
  if (exit === 0) return stdout;
  const lines = stderr.trim().split('\n');
  const why = printable(lines.slice(-3).join('; ').slice(-600));
  const isNetwork = /dial tcp|no such host|connection refused|i\/o timeout|TLS handshake|proxyconnect/.test(stderr);
  throw new PolyenvError(isNetwork ? 'network' : 'child-failed', `${build.program} could not be built: ${why}`, {
    hint: isNetwork
      ? 'check the network and GOPROXY, then try again'
      : 'report it, or take another source: --source ID',
    ...(isNetwork && { elsewhere: true }),
  });
}

function environmentFor(options: GoBuildOptions): Readonly<Record<string, string>> {
  const { host, go, into, scratch, from } = options;
  const { os, arch } = platformOf(options.platform);
  const passed = PASSED.flatMap((name) => [name, name.toLowerCase()]).flatMap((name) => {
    const value = host.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(passed),
    ...from,
    PATH: '/usr/bin:/bin',
    HOME: join(scratch, 'home'),
    TMPDIR: join(scratch, 'tmp'),
    LC_ALL: 'C',
    NETRC: host.env.NETRC ?? join(host.personHome, '.netrc'),
    GOROOT: go,
    GOTOOLCHAIN: 'local',
    GOENV: 'off',
    GOWORK: 'off',
    GOPATH: join(scratch, 'gopath'),
    GOCACHE: join(scratch, 'cache'),
    GOBIN: join(into, 'bin'),
    GOFLAGS: '-mod=readonly -modcacherw',
    GOOS: os,
    GOARCH: arch === 'x64' ? 'amd64' : 'arm64',
    CGO_ENABLED: '0',
    GONOSUMDB: '',
    GONOSUMCHECK: '',
    GOPRIVATE: '',
    GOINSECURE: '',
    GOVCS: '*:off',
  };
}

/** How this machine reaches the network, and whom it believes there. */
const PASSED = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];

/** Milliseconds. */
const LONGEST_BUILD = 3_600_000;
