import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Published, sha256 } from '../support/published';

/** The program, from the package index as pip is configured here; `undefined` where none has it. */
export function fetchUv(folder: string): string | undefined {
  const into = join(folder, 'uv');
  try {
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', into, 'uv'];
    execFileSync('python3', pip, { stdio: 'ignore' });
    return join(into, 'bin/uv');
  } catch {
    return undefined;
  }
}

/** uv's variables for a place of its own, where the published Python is all that there is to install. */
export function uvAt(
  place: string,
  of: { readonly base: string; readonly published: Published },
): { readonly env: Record<string, string>; readonly request: string } {
  const { base, published } = of;
  const [url = '', content = ''] = Object.entries(published.files).find(([name]) => name.endsWith('.tar.gz')) ?? [];
  const [version = '', major, minor, patch] = /cpython-(\d+)\.(\d+)\.(\d+)/.exec(basename(url)) ?? [];
  const list = join(place, 'list.json');
  const entry = {
    name: 'cpython',
    arch: { family: 'x86_64', variant: null },
    os: 'linux',
    libc: 'gnu',
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    prerelease: '',
    url: url.replace('https://', `${base}/`),
    sha256: sha256(content),
    variant: null,
    build: '20260814',
  };
  writeFileSync(list, JSON.stringify({ [`${version}-linux-x86_64-gnu`]: entry }));
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: place,
    UV_PYTHON_INSTALL_DIR: join(place, 'pythons'),
    UV_PYTHON_BIN_DIR: join(place, 'bin'),
    UV_CACHE_DIR: join(place, 'cache'),
    UV_PYTHON_DOWNLOADS_JSON_URL: list,
  };
  return { env, request: [major, minor, patch].join('.') };
}
