import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { discard } from '../support/discard';
import { makeReleases, type ReleaseServer, type Releases, serveReleases } from '../support/release';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

/** Somebody whose polyenv came by install.sh: what is generated fetches the same release, by digest. */
let releases: Releases;
let server: ReleaseServer;
let site: TinyNode;
let base: string;
let project: string;
beforeAll(async () => {
  releases = await makeReleases();
  server = await serveReleases(releases.folder);
  site = await serveTinyNode([{ version: '20.11.1' }]);
  base = realpathSync(mkdtempSync(join(tmpdir(), 'polyenv-generated-')));
  project = join(base, 'project');
  mkdirSync(project);
  const installed = await run('sh', [join(releases.folder, 'install.sh'), '--force']);
  expect(installed.exit, installed.stderr).toBe(0);
  expect((await polyenv('use', 'node@20')).exit).toBe(0);
}, 120_000);
afterAll(async () => {
  await server.close();
  await site.close();
  releases.remove();
  discard(base);
});

async function run(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = base) {
  const person = env.HOME ?? join(base, 'person');
  mkdirSync(person, { recursive: true });
  const child = spawn(file, args, {
    env: {
      HOME: person,
      SHELL: '/bin/bash',
      PATH: '/usr/bin:/bin',
      POLYENV_UPDATE_URL: server.url,
      ...siteOf(site),
      ...env,
    },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.stderr += chunk.toString();
  });
  const exit = await new Promise<number | null>((done) => child.once('close', done));
  return { exit, ...said };
}

const polyenv = (...args: readonly string[]) =>
  run(join(base, 'person/.local/share/polyenv/bin/polyenv'), args, {}, project);

it.each(['github-actions', 'gitlab-ci', 'dockerfile', 'devcontainer'])(
  '%s names the release and its digest',
  async (kind) => {
    const made = await polyenv('generate', kind);
    expect(made.exit, made.stderr).toBe(0);
    expect(made.stderr).not.toContain('polyenvw');
    const sums = readFileSync(join(releases.folder, releases.version, 'SHA256SUMS'), 'utf8');
    const digest = new RegExp(
      `^([0-9a-f]{64})  polyenv-${releases.version}-${releases.platform}\\.tar\\.gz$`,
      'm',
    ).exec(sums)?.[1];
    expect(made.stdout).toContain(`sha256=${digest}`);
    expect(made.stdout).toContain(`${server.url}/${releases.version}/`);
  },
);

it('the steps of gitlab-ci run in a clone on a machine without polyenv', async ({ skip }) => {
  if (spawnSync('curl', ['--version']).error !== undefined) skip('there is no curl');
  const made = await polyenv('generate', 'gitlab-ci');
  const script = made.stdout.slice(made.stdout.indexOf('    - |\n') + 8).replace(/^ {6}/gm, '');
  const clone = join(base, 'clone');
  mkdirSync(clone);
  for (const file of ['polyenv.toml', 'polyenv.lock'])
    writeFileSync(join(clone, file), readFileSync(join(project, file)));
  const env = { HOME: join(base, 'runner'), POLYENV_HOME: join(clone, '.polyenv-home') };
  const ran = await run('sh', ['-c', script], env, clone);
  expect(ran.exit, ran.stderr + ran.stdout).toBe(0);
  const bad = script.replace(/sha256=[0-9a-f]{8}/, 'sha256=00000000');
  expect((await run('sh', ['-c', bad], { ...env, HOME: join(base, 'other') }, clone)).exit).not.toBe(0);
});
