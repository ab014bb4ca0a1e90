import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { javaScheme } from '../../src/domain/versions/schemes/java';
import { discard } from './discard';
import { type Published, sha256 } from './published';

/** A toolchain of this machine, packed and published as its upstream does it; or why there is none. */
export type Found = { readonly published: Published; readonly request: string } | { readonly absent: string };

const HOME = process.env.HOME ?? '/';

/** Of a channel with one version: rustc, cargo, rust-std, rustfmt and clippy, each as an archive that rustup's installer takes too. */
export function publishRust(scratch: string): Found {
  const toolchains = join(HOME, '.rustup/toolchains');
  const name = namesIn(toolchains).find((one) => /^\d+\.\d+\.\d+-x86_64-unknown-linux-gnu$/.test(one));
  if (name === undefined) return { absent: 'rustup has no numbered toolchain here' };
  const root = join(toolchains, name);
  const [version = '', host = ''] = [name.slice(0, name.indexOf('-')), name.slice(name.indexOf('-') + 1)];
  const DIST = 'https://static.rust-lang.org/dist';
  const files: Record<string, Buffer | string> = {};
  const packages = ['rustc', 'cargo', 'rust-std', 'rustfmt-preview', 'clippy-preview'];
  const tables = packages.map((pkg) => {
    const archive = `${pkg.replace('-preview', '')}-${version}-${host}`;
    const folder = pkg === 'rust-std' ? `rust-std-${host}` : pkg;
    const lines = readFileSync(join(root, `lib/rustlib/manifest-${pkg}-${host}`), 'utf8').split('\n');
    const listed = lines.flatMap((line) => /^(?:file|dir):(.+)$/.exec(line)?.[1] ?? []);
    const taken = listed.filter((path) => !path.startsWith('share/'));
    const kinds = taken.map((path) => `${lines.includes(`dir:${path}`) ? 'dir' : 'file'}:${path}\n`);
    const content = pack(scratch, {
      folder: root,
      as: `${archive}/${folder}`,
      members: taken.map((path) => `./${path}`),
      beside: {
        [`${archive}/rust-installer-version`]: '3\n',
        [`${archive}/components`]: `${folder}\n`,
        [`${archive}/${folder}/manifest.in`]: kinds.join(''),
      },
    });
    const url = `${DIST}/2026-04-16/${archive}.tar.gz`;
    files[url] = content;
    return `[pkg.${pkg}]\nversion = "${version} (0 2026-04-14)"\n[pkg.${pkg}.target.${host}]\navailable = true\nurl = "${url}"\nhash = "${sha256(content)}"\n`;
  });
  const manifest = `${DIST}/channel-rust-${version}.toml`;
  const components = packages.map((pkg) => `{ pkg = "${pkg}", target = "${host}" }`).join(', ');
  const text = `manifest-version = "2"
date = "2026-04-16"
[pkg.rust]
version = "${version} (0 2026-04-14)"
[pkg.rust.target.${host}]
available = true
components = [${components}]
${tables.join('')}
[renames.clippy]
to = "clippy-preview"
[renames.rustfmt]
to = "rustfmt-preview"
[profiles]
minimal = ["rustc", "cargo", "rust-std"]
`;
  files[manifest] = text;
  files[`${manifest}.sha256`] = `${sha256(text)}  channel-rust-${version}.toml\n`;
  const published: Published = {
    files,
    signatures: { [manifest]: `${manifest}.asc` },
    material: () => 'https://static.rust-lang.org/rust-key.gpg.ascii',
    asks: [],
  };
  return { published, request: version };
}

/** A JDK of the distribution, by Adoptium's API. */
export function publishJava(scratch: string): Found {
  const name = namesIn('/usr/lib/jvm').find((one) => existsSync(`/usr/lib/jvm/${one}/bin/javac`));
  if (name === undefined) return { absent: 'there is no JDK in /usr/lib/jvm' };
  const root = `/usr/lib/jvm/${name}`;
  const said = execFileSync('/bin/sh', ['-c', '"$0" -version 2>&1', `${root}/bin/java`], { encoding: 'utf8' });
  const spelt = /Runtime Environment.*\(build ([^)\s]+)\)/.exec(said)?.[1];
  const version = javaScheme.version(spelt ?? '') ?? '';
  const feature = Number.parseInt(version, 10);
  if (feature === 8) return { absent: 'Java 8 has another layout of names' };
  // A distribution's build can lack the number that Temurin's have.
  const whole = version.includes('+') ? version : `${version}+1`;
  const tag = `jdk-${whole}`;
  const members = ['--exclude=./lib/src.zip', '--exclude=./docs', '.'];
  const content = pack(scratch, { folder: root, as: tag, members });
  const link = `https://github.com/adoptium/temurin${feature}-binaries/releases/download/${encodeURIComponent(tag)}/OpenJDK${feature}U-jdk_x64_linux_hotspot_${whole.replace('+', '_')}.tar.gz`;
  const API = 'https://api.adoptium.net/v3';
  const available = {
    available_releases: [feature],
    available_lts_releases: [feature],
    most_recent_feature_release: feature,
    most_recent_lts: feature,
  };
  const release = {
    release_name: tag,
    timestamp: '2026-07-21T00:00:00Z',
    binaries: [
      {
        os: 'linux',
        architecture: 'x64',
        image_type: 'jdk',
        package: { link, checksum: sha256(content), size: content.length },
      },
    ],
  };
  const query = 'image_type=jdk&jvm_impl=hotspot&vendor=eclipse&page_size=20&page=0';
  const files = {
    [`${API}/info/available_releases`]: JSON.stringify(available),
    [`${API}/assets/feature_releases/${feature}/ga?${query}`]: JSON.stringify([release]),
    [link]: content,
  };
  return { published: { files, asks: [] }, request: 'lts' };
}

/** A CPython of pyenv, as python-build-standalone packs it: the newest, or the newest of a line. */
export function publishPython(scratch: string, line = '3'): Found {
  const versions = join(HOME, '.pyenv/versions');
  const version = namesIn(versions)
    .filter((one) => /^3\.\d+\.\d+$/.test(one) && `${one}.`.startsWith(`${line}.`))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .findLast((one) => starts(join(versions, one, 'bin/python3')));
  if (version === undefined) return { absent: 'pyenv has no Python here that starts' };
  const members = ['--exclude=test', '--exclude=__pycache__', '--exclude=*.a', '.'];
  const content = pack(scratch, { folder: join(versions, version), as: 'python', members });
  const file = `cpython-${version}%2B20260814-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz`;
  const url = `https://github.com/astral-sh/python-build-standalone/releases/download/20260814/${file}`;
  const INDEX = 'https://raw.githubusercontent.com/astral-sh/versions/main/v1/python-build-standalone.ndjson';
  const row = { version: `${version}+20260814`, artifacts: [{ url, sha256: sha256(content) }] };
  return { published: { files: { [url]: content, [INDEX]: `${JSON.stringify(row)}\n` }, asks: [] }, request: line };
}

/** A Python that was built with a shared library and copied elsewhere does not. */
function starts(python: string): boolean {
  try {
    execFileSync(python, ['-I', '-c', ''], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

interface Packing {
  readonly folder: string;
  /** The folder in the archive. */
  readonly as: string;
  /** Arguments of tar: names below the folder, and what is left out. */
  readonly members: readonly string[];
  /** Small files that the archive has besides, by their names in it. */
  readonly beside?: Readonly<Record<string, string>>;
}

/** Some files of a folder, moved below another name, quickly packed (`gzip -1`); links become what they lead to. */
function pack(scratch: string, { folder, as, members, beside = {} }: Packing): Buffer {
  const place = mkdtempSync(join(scratch, 'pack-'));
  try {
    const file = join(place, 'archive.tar');
    const move = `--transform=flags=rS;s,^\\.\\(/\\|$\\),${as}/,`;
    const tar = (...args: readonly string[]) => execFileSync('tar', ['--owner=0', ...args]);
    tar('-chf', file, '--hard-dereference', '-C', folder, move, ...members);
    for (const [name, text] of Object.entries(beside)) {
      mkdirSync(join(place, name, '..'), { recursive: true });
      writeFileSync(join(place, name), text);
      tar('-rf', file, '-C', place, name);
    }
    execFileSync('gzip', ['-1', file]);
    return readFileSync(`${file}.gz`);
  } finally {
    discard(place);
  }
}
