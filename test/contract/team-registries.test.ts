import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificates, openssl } from '../support/certificates';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { discard } from '../support/discard';
import { type Distribution, openDistribution, PASSWORD } from '../support/distribution';
import {
  absence,
  crane,
  distribution2,
  distribution3,
  isHere,
  oras,
  skopeo,
  type Tool,
} from '../support/registry-tools';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

const REGISTRIES = { 2: distribution2(), 3: distribution3() } as const;
const TOOLS = { skopeo: skopeo(), oras: oras(), crane: crane() } as const;

let certificates: string;
let site: TinyNode;
let author: Machine;
let project: string;
const machines: Machine[] = [];
const opened: Distribution[] = [];
beforeAll(async () => {
  certificates = mkdtempSync(join(tmpdir(), 'polyenv-certificates-'));
  if (openssl) makeCertificates(certificates);
  // Large enough to be broken off in the middle.
  site = await serveTinyNode([{ version: '20.11.1', lts: 'Iron', filler: 3_000_000 }]);
});
afterAll(async () => {
  discard(certificates);
  await site.close();
});
beforeEach(async () => {
  author = newMachine({ ...siteOf(site), POLYENV_NETWORK_RETRIES: '5' });
  machines.push(author);
  project = author.folder('project');
  expect(await author.polyenv(['use', 'node@20'], { cwd: project })).toMatchObject({ exit: 0 });
});
afterEach(async () => {
  for (const registry of opened.splice(0)) await registry.close();
  for (const machine of machines.splice(0)) machine.remove();
});

async function open(major: 2 | 3, setup: { auth?: 'htpasswd' | 'token'; tls?: true } = {}): Promise<Distribution> {
  const program: Tool = REGISTRIES[major];
  if (!isHere(program)) throw new Error(program.absent);
  const registry = await openDistribution({
    file: program.file,
    major,
    folder: author.folder(`registry-${opened.length}`),
    ...(setup.auth !== undefined && { auth: setup.auth }),
    ...(setup.tls !== undefined && { certificates }),
  });
  opened.push(registry);
  const auth = Buffer.from(`ci:${PASSWORD}`).toString('base64');
  const config = join(author.base, 'auth.json');
  writeFileSync(config, JSON.stringify({ auths: { [registry.host]: { auth } } }));
  author.env.REGISTRY_AUTH_FILE = config;
  author.env.NODE_EXTRA_CA_CERTS = join(certificates, 'ca.pem');
  return registry;
}

const push = (reference: string, ...words: string[]): Promise<Ran> =>
  author.polyenv(['push', reference, ...words], { cwd: project });

async function pushed(reference: string): Promise<string> {
  const done = await push(reference, '--json');
  expect(done).toMatchObject({ exit: 0 });
  return done.json<{ locks: { tag: string }[] }>().locks[0]?.tag ?? '';
}

/** A colleague who reaches nothing but the store. */
function colleague(reference: string, env: Readonly<Record<string, string>> = {}): { machine: Machine; cwd: string } {
  const { REGISTRY_AUTH_FILE = '', NODE_EXTRA_CA_CERTS = '' } = author.env;
  const machine = newMachine({
    REGISTRY_AUTH_FILE,
    NODE_EXTRA_CA_CERTS,
    POLYENV_STORE: reference,
    POLYENV_STORE_MODE: 'only',
    ...env,
  });
  machines.push(machine);
  const cwd = machine.folder('clone');
  for (const name of ['polyenv.toml', 'polyenv.lock']) copyFileSync(join(project, name), join(cwd, name));
  return { machine, cwd };
}

async function install(reference: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const { machine, cwd } = colleague(reference, env);
  const done = await machine.polyenv(['install', '--frozen'], { cwd });
  if (done.exit === 0) expect((await machine.run(['node', '--version'], { cwd })).stdout).toBe('v20.11.1\n');
  return done;
}

const majors = [2, 3] as const;
for (const major of majors) {
  const registry = REGISTRIES[major];
  describe.runIf(isHere(registry))(`CNCF distribution ${major}`, () => {
    it('takes a push, and gives it to whoever reaches nothing else', async () => {
      const reference = `${(await open(major)).origin}/team/tools`;
      await pushed(reference);
      expect((await push(reference, '--json')).json<{ sent: number }>().sent).toBe(0);
      expect(await install(reference)).toMatchObject({ exit: 0 });
    });

    it('with a password: nobody without it, and it is shown nowhere', async () => {
      const { origin } = await open(major, { auth: 'htpasswd' });
      await pushed(`${origin}/team/tools`);
      const done = await push(`${origin}/team/tools`, '-v');
      expect(`${done.stdout}${done.stderr}`).not.toContain(PASSWORD);
      expect(await install(`${origin}/team/tools`)).toMatchObject({ exit: 0 });
      const stranger = await install(`${origin}/team/tools`, { REGISTRY_AUTH_FILE: '/dev/null' });
      expect(stranger).toMatchObject({ exit: 5 });
      expect(stranger.stderr).toContain('docker login');
    });

    it.runIf(openssl)('with tokens of a server beside it, and TLS by an authority of its own', async () => {
      const { origin, host } = await open(major, { auth: 'token', tls: true });
      await pushed(`${origin}/team/tools`);
      expect(await install(`${host}/team/tools`)).toMatchObject({ exit: 0 });
      const unknowing = await install(`${host}/team/tools`, { NODE_EXTRA_CA_CERTS: '' });
      expect(unknowing).toMatchObject({ exit: 5 });
      expect(unknowing.stderr).toContain('certificate');
    });

    it('keeps every archive when it takes away what nothing names', async () => {
      const store = await open(major);
      const reference = `${store.origin}/team/tools`;
      for (const platform of ['linux-x64', 'darwin-arm64']) await push(reference, '--platform', platform);
      await store.kill();
      store.collectGarbage();
      await store.start();
      expect(await install(reference)).toMatchObject({ exit: 0 });
      await pushed(reference);
      await store.kill();
      store.collectGarbage();
      await store.start();
      expect(await install(reference)).toMatchObject({ exit: 0 });
    });

    it('killed in the middle of a push and started again: the push ends well', async () => {
      const store = await open(major);
      const running = push(`${store.origin}/team/tools`);
      await new Promise((resume) => setTimeout(resume, 350));
      await store.kill();
      await new Promise((resume) => setTimeout(resume, 300));
      await store.start();
      expect(await running).toMatchObject({ exit: 0 });
      expect(await install(`${store.origin}/team/tools`)).toMatchObject({ exit: 0 });
    });

    it('a push that was killed is done by the next one', async () => {
      const store = await open(major);
      const child = spawn(process.execPath, [author.program, 'push', `${store.origin}/team/tools`], {
        cwd: project,
        env: author.env,
        stdio: 'ignore',
      });
      await new Promise((resume) => setTimeout(resume, 400));
      child.kill('SIGKILL');
      await pushed(`${store.origin}/team/tools`);
      expect(await install(`${store.origin}/team/tools`)).toMatchObject({ exit: 0 });
    });

    it('eight jobs that push their platforms at once lose none', async () => {
      const store = await open(major);
      const reference = `${store.origin}/team/tools`;
      const platforms = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];
      const jobs = [...platforms, ...platforms].map((platform) => {
        const { polyenvHome } = newHome();
        return author.polyenv(['push', reference, '--platform', platform], {
          cwd: project,
          env: { POLYENV_HOME: polyenvHome },
        });
      });
      for (const { exit, stderr } of await Promise.all(jobs)) expect(exit, stderr).toBe(0);
      const last = await push(reference, '--json');
      const { sent, locks } = last.json<{ sent: number; locks: unknown[] }>();
      expect({ sent, locks: locks.length }).toEqual({ sent: 0, locks: 1 });
      expect(await install(reference)).toMatchObject({ exit: 0 });
    });
  });
  if (!isHere(registry)) it.skip(`CNCF distribution ${major}${absence(registry)}`, () => undefined);
}

function newHome(): Machine {
  const machine = newMachine();
  machines.push(machine);
  return machine;
}

/** What a tool of others copies keeps the digest of the lock, and installs. */
const anyRegistry = majors.find((major) => isHere(REGISTRIES[major]));
const copies = {
  skopeo: (file: string, from: string, to: string, tag: string) =>
    execFileSync(file, [
      ...['copy', '--all', '--insecure-policy', '--src-tls-verify=false', '--dest-tls-verify=false'],
      ...[`docker://${from}:${tag}`, `docker://${to}:${tag}`],
    ]),
  oras: (file: string, from: string, to: string, tag: string) =>
    execFileSync(file, ['cp', '-r', '--from-plain-http', '--to-plain-http', `${from}:${tag}`, `${to}:${tag}`]),
  crane: (file: string, from: string, to: string, tag: string) =>
    execFileSync(file, ['copy', '--insecure', `${from}:${tag}`, `${to}:${tag}`], { stdio: 'pipe' }),
} as const;

async function digestAt(origin: string, repository: string, tag: string): Promise<string | null> {
  const accept = 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json';
  const answer = await fetch(`${origin}/v2/${repository}/manifests/${tag}`, { method: 'HEAD', headers: { accept } });
  return answer.headers.get('docker-content-digest');
}

for (const name of ['skopeo', 'oras', 'crane'] as const) {
  const tool = TOOLS[name];
  const ready = isHere(tool) && anyRegistry !== undefined;
  it.runIf(ready)(`${name} copies a lock to another registry, unchanged, and it installs${absence(tool)}`, async () => {
    if (!isHere(tool) || anyRegistry === undefined) return;
    const [one, other] = [await open(anyRegistry), await open(anyRegistry)];
    const tag = await pushed(`${one.origin}/team/tools`);
    copies[name](tool.file, `${one.host}/team/tools`, `${other.host}/copied/tools`, tag);
    const digest = await digestAt(one.origin, 'team/tools', tag);
    expect(digest).toMatch(/^sha256:/);
    expect(await digestAt(other.origin, 'copied/tools', tag)).toBe(digest);
    expect(await install(`${other.origin}/copied/tools`)).toMatchObject({ exit: 0 });
  });
}

it.runIf(isHere(TOOLS.oras) && anyRegistry !== undefined)(
  `oras pulls the original archive under its own name${absence(TOOLS.oras)}`,
  async () => {
    if (!isHere(TOOLS.oras) || anyRegistry === undefined) return;
    const store = await open(anyRegistry);
    const done = await push(`${store.origin}/team/tools`, '--json');
    const { toolchains } = done.json<{ toolchains: { tag: string; platform: string }[] }>();
    const tag = toolchains.find(({ platform }) => platform === 'linux-x64')?.tag ?? '';
    const into = join(author.base, 'pulled');
    mkdirSync(into);
    execFileSync(TOOLS.oras.file, ['pull', '--plain-http', '-o', into, `${store.host}/team/tools:${tag}`]);
    const name = 'node-v20.11.1-linux-x64.tar.gz';
    const lock = readFileSync(join(project, 'polyenv.lock'), 'utf8');
    const sum = execFileSync('sha256sum', [join(into, name)])
      .toString()
      .slice(0, 64);
    expect(lock).toContain(sum);
  },
);

describe('a bundle', () => {
  const make = async (...words: string[]): Promise<string> => {
    const done = await author.polyenv(['bundle', 'create', '--platform', 'all', '--json', ...words], { cwd: project });
    expect(done).toMatchObject({ exit: 0 });
    return done.json<{ tag: string }>().tag;
  };
  const takeIn = async (path: string): Promise<void> => {
    const { machine, cwd } = colleague('', { POLYENV_STORE_MODE: 'first' });
    expect(await machine.polyenv(['bundle', 'install', path], { cwd })).toMatchObject({ exit: 0 });
    expect(await machine.polyenv(['install', '--frozen', '--offline'], { cwd })).toMatchObject({ exit: 0 });
    expect((await machine.run(['node', '--version'], { cwd })).stdout).toBe('v20.11.1\n');
  };

  it.runIf(isHere(TOOLS.skopeo))(
    `goes into a registry by skopeo, and back into a folder${absence(TOOLS.skopeo)}`,
    async () => {
      if (!isHere(TOOLS.skopeo) || anyRegistry === undefined) return;
      const { file } = TOOLS.skopeo;
      const store = await open(anyRegistry);
      // Of a tar, skopeo gives each file the owner that the tar names, which a normal user may not.
      const tag = await make('-o', 'layout/');
      const at = `${store.host}/carried/tools`;
      const copy = ['copy', '--all', '--insecure-policy', '--src-tls-verify=false', '--dest-tls-verify=false'];
      execFileSync(file, [...copy, `oci:${join(project, 'layout')}:${tag}`, `docker://${at}:${tag}`]);
      expect(await install(`${store.origin}/carried/tools`)).toMatchObject({ exit: 0 });
      const back = join(author.base, 'back');
      execFileSync(file, [...copy, `docker://${at}:${tag}`, `oci:${back}:${tag}`]);
      await takeIn(back);
    },
  );

  it.runIf(isHere(TOOLS.oras))(
    `goes into a registry by oras, as a folder and as a tar${absence(TOOLS.oras)}`,
    async () => {
      if (!isHere(TOOLS.oras) || anyRegistry === undefined) return;
      const { file } = TOOLS.oras;
      const store = await open(anyRegistry);
      await make('-o', 'tools.tar');
      const tag = await make('-o', 'tools/');
      for (const [name, from] of [
        ['one', 'tools.tar'],
        ['two', 'tools'],
      ] as const) {
        const at = `${store.host}/${name}/tools:${tag}`;
        execFileSync(file, ['cp', '-r', '--from-oci-layout', '--to-plain-http', `${join(project, from)}:${tag}`, at]);
        expect(await install(`${store.origin}/${name}/tools`)).toMatchObject({ exit: 0 });
      }
      await takeIn(join(project, 'tools'));
    },
  );

  it.runIf(isHere(TOOLS.crane))(`is what crane pulls${absence(TOOLS.crane)}`, async () => {
    if (!isHere(TOOLS.crane) || anyRegistry === undefined) return;
    const store = await open(anyRegistry);
    const tag = await pushed(`${store.origin}/team/tools`);
    const into = join(author.base, 'pulled-layout');
    execFileSync(TOOLS.crane.file, ['pull', '--insecure', '--format=oci', `${store.host}/team/tools:${tag}`, into], {
      stdio: 'pipe',
    });
    await takeIn(into);
  });
});
