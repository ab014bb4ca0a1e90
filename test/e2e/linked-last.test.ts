import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;

beforeEach(async () => {
  server = await serveTinyNode([
    { version: '24.3.0', lts: 'Krypton' },
    { version: '22.1.0', lts: 'Jod' },
    { version: '20.11.1', lts: 'Iron' },
    { version: '18.19.0', lts: 'Hydrogen' },
  ]);
  machine = newMachine(siteOf(server));
});
afterEach(async () => {
  machine.remove();
  await server.close().catch(() => undefined);
});

/** A Node of this machine, as another manager would have it. */
function foreign(version: string): string {
  const root = machine.folder(`foreign/${version}`);
  mkdirSync(join(root, 'bin'));
  writeFileSync(
    join(root, 'bin/node'),
    `#!/bin/sh\n[ "$1" = --version ] && echo v${version} || echo "foreign ${version}"\n`,
    { mode: 0o755 },
  );
  mkdirSync(join(root, 'lib/node_modules/npm/bin'), { recursive: true });
  writeFileSync(join(root, 'lib/node_modules/npm/bin/npm-cli.js'), '', { mode: 0o755 });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'bin/npm'));
  return root;
}

const run = (cwd: string) => machine.run([join(machine.shims, 'node')], { cwd });

describe('a linked toolchain comes last', () => {
  it.each(['node@20', 'node@latest', 'node@>=18'])(
    '%s is answered by the source while it can be reached',
    async (request) => {
      await machine.prepare(['link', 'node@20', foreign('20.99.0')]);
      await machine.prepare(['link', 'node@99', foreign('99.0.0')]);
      const cwd = machine.folder('p');
      const used = await machine.polyenv(['use', request, '--json'], { cwd });
      expect(used.json()).toMatchObject({ tools: [{ linked: false }] });
      expect((await run(cwd)).stdout).toMatch(/^tiny-node /);
      expect(readFileSync(join(cwd, 'polyenv.lock'), 'utf8')).toContain('[[runtimes.node]]');
    },
  );

  it('answers where none can be reached, and says that no lock holds it', async () => {
    await machine.prepare(['link', 'node@20', foreign('20.99.0')]);
    const cwd = machine.folder('p');
    const used = await machine.polyenv(['use', 'node@20', '--offline'], { cwd });
    expect(used).toMatchObject({ exit: 0 });
    expect(used.stderr).toMatch(
      /no source of node can be reached; linked node 20\.99\.0 .*not verified and no lock holds/s,
    );
    for (const _ of ['first', 'second']) expect((await run(cwd)).stdout).toBe('foreign 20.99.0\n');
  });

  it('comes after what the store has verified, which a lock then holds for this platform alone', async () => {
    await machine.prepare(['link', 'node@20', foreign('20.99.0')]);
    await machine.prepare(['use', 'node@20'], { cwd: machine.folder('other') });
    rmSync(join(machine.polyenvHome, 'cache'), { recursive: true });
    const cwd = machine.folder('p');
    const used = await machine.polyenv(['use', 'node@20', '--offline'], { cwd });
    expect(used).toMatchObject({ exit: 0 });
    expect(used.stderr).toMatch(/no source of node can be reached; using node 20\.11\.1, which the store has verified/);
    expect((await run(cwd)).stdout).toBe('tiny-node 20.11.1\n');
    const lock = () => readFileSync(join(cwd, 'polyenv.lock'), 'utf8');
    expect(lock()).not.toContain('darwin-arm64');
    expect((await machine.polyenv(['lock'], { cwd })).exit).toBe(0);
    expect(lock()).toContain('darwin-arm64');
  });

  it('never answers a shim in silence where the folder has no lock yet', async () => {
    await machine.prepare(['link', 'node@20', foreign('20.99.0')]);
    await machine.prepare(['use', 'node@22'], { cwd: machine.folder('other') });
    const cwd = machine.folder('p');
    writeFileSync(join(cwd, '.nvmrc'), '20\n');
    expect((await run(cwd)).stdout).toBe('tiny-node 20.11.1\n');
  });

  it('answers when asked for, and goes on to until there is a lock', async () => {
    await machine.prepare(['link', 'node@20', foreign('20.99.0')]);
    const cwd = machine.folder('p');
    const used = await machine.polyenv(['use', 'node@20', '--linked', '--json'], { cwd });
    expect(used.json()).toMatchObject({ tools: [{ linked: true }] });
    expect((await run(cwd)).stdout).toBe('foreign 20.99.0\n');
    await machine.prepare(['install'], { cwd });
    expect((await run(cwd)).stdout).toBe('foreign 20.99.0\n');
    await machine.prepare(['lock'], { cwd });
    await machine.prepare(['install'], { cwd });
    expect((await run(cwd)).stdout).toBe('tiny-node 20.11.1\n');
  });
});

describe('a linked JDK is known by its release file', () => {
  function jdk(name: string, implementor: string, files: readonly string[] = ['java', 'javac']): string {
    const root = machine.folder(`jdks/${name}`);
    mkdirSync(join(root, 'bin'));
    const said = 'openjdk version "17.0.15" 2025-04-15\\nOpenJDK Runtime Environment (build 17.0.15+6)';
    for (const file of files)
      writeFileSync(join(root, 'bin', file), `#!/bin/sh\nprintf '${said}\\n' >&2\n`, { mode: 0o755 });
    writeFileSync(join(root, 'release'), `IMPLEMENTOR="${implementor}"\nJAVA_VERSION="17.0.15"\n`);
    return root;
  }

  const use = async (request: string) => {
    const cwd = machine.folder(`java-${request.replace(/\W/g, '-')}`);
    const ran = await machine.polyenv(['use', request, '--offline', '--json'], { cwd });
    return ran.exit === 0
      ? ran.json<{ tools: { root: string }[] }>().tools[0]?.root
      : ran.json<{ error: { code: string } }>();
  };

  it('and answers for its own vendor and build only', async () => {
    const [amazon, debian] = [jdk('amazon', 'Amazon.com Inc.'), jdk('debian', 'Debian')];
    for (const root of [amazon, debian]) expect((await machine.polyenv(['link', 'java@17', root])).exit).toBe(0);
    expect(await use('java@17.0.15-amzn')).toBe(amazon);
    expect(await use('java@corretto-17')).toBe(amazon);
    expect(await use('java@17.0.15-tem')).toMatchObject({ error: { code: 'offline' } });
    expect(await use('java@zulu-17')).toMatchObject({ error: { code: 'offline' } });
    expect([amazon, debian]).toContain(await use('java@17'));
  });

  it("and a Maven of the machine, through its shim, runs on the project's", async () => {
    const root = jdk('amazon', 'Amazon.com Inc.');
    await machine.prepare(['link', 'java@17', root]);
    const [cwd, bin] = [machine.folder('maven/sub'), machine.folder('bin')];
    writeFileSync(join(bin, 'mvn'), '#!/bin/sh\necho "$JAVA_HOME"\n', { mode: 0o755 });
    await machine.prepare(['use', 'java@17', '--linked'], { cwd: machine.folder('maven') });
    const env = { JAVA_HOME: '/stale', PATH: `${machine.shims}:${bin}:/usr/bin:/bin` };
    for (const _ of ['slow', 'compiled']) {
      expect((await machine.run([join(machine.shims, 'mvn')], { cwd, env })).stdout).toBe(`${root}\n`);
    }
    expect((await machine.run([join(machine.shims, 'mvn')], { cwd: bin, env })).stdout).toBe('/stale\n');
    const doctor = await machine.polyenv(['doctor'], { cwd, env: { JAVA_HOME: '/stale' } });
    expect(doctor.stdout).toMatch(/JAVA_HOME is "\/stale" in this shell.*polyenv exec --/s);
  });

  it('and is a JRE where it has no compiler, which is no JDK', async () => {
    const jre = jdk('jre', 'Eclipse Adoptium', ['java']);
    const linked = await machine.polyenv(['link', 'java@17', jre]);
    expect(linked.exit).toBe(4);
    expect(linked.stderr).toContain('jre');
    // What else this machine may have is no JRE.
    expect(await use('java@17')).not.toBe(jre);
    expect((await machine.polyenv(['link', 'java@temurin-jre-17', jre])).exit).toBe(0);
    expect(await use('java@temurin-jre-17')).toBe(jre);
  });
});

describe('an edit that keeps the time of the file', () => {
  const edit = async (cwd: string) => {
    const file = join(cwd, '.nvmrc');
    const { atime, mtime } = statSync(file);
    writeFileSync(file, '22.1.0\n');
    utimesSync(file, atime, mtime);
  };

  it.each(['current', 'which', 'doctor', 'install'])(
    'is noticed by %s, and by the shims from then on',
    async (verb) => {
      const cwd = machine.folder(`kept-${verb}`);
      writeFileSync(join(cwd, '.nvmrc'), '24.3.0\n');
      // A time that this clock can say and set again.
      utimesSync(join(cwd, '.nvmrc'), 1_700_000_000, 1_700_000_000);
      await machine.prepare(['use', 'node@22.1.0'], { cwd: machine.folder('other') });
      await machine.prepare(['install'], { cwd });
      await edit(cwd);
      expect((await machine.polyenv(['exec', '--', 'node'], { cwd })).stdout).toBe('tiny-node 22.1.0\n');
      await machine.polyenv(verb === 'which' ? ['which', 'node'] : [verb], { cwd });
      expect((await run(cwd)).stdout).toBe('tiny-node 22.1.0\n');
    },
  );
});

describe('a floor', () => {
  function project(name: string, range: string): string {
    const cwd = machine.folder(name);
    writeFileSync(join(cwd, 'package.json'), JSON.stringify({ engines: { node: range } }));
    return cwd;
  }

  it('is answered by the newest that still has support, and stays what it was', async () => {
    const cwd = project('p', '>=18');
    expect((await machine.polyenv(['install'], { cwd })).exit).toBe(0);
    expect((await run(cwd)).stdout).toBe('tiny-node 24.3.0\n');
    await machine.polyenv(['settings', 'set', 'defaults.node', '22']);
    await machine.prepare(['install'], { cwd });
    expect((await run(cwd)).stdout).toBe('tiny-node 24.3.0\n');
  });

  it('is answered by an installed version, inside of its range', async () => {
    await machine.prepare(['use', 'node@22'], { cwd: machine.folder('other') });
    const [low, high] = [project('p', '>=18'), project('q', '>=18 <20')];
    for (const cwd of [low, high]) await machine.polyenv(['install'], { cwd });
    expect((await run(low)).stdout).toBe('tiny-node 22.1.0\n');
    expect((await run(high)).stdout).toBe('tiny-node 18.19.0\n');
  });

  it("is answered by the person's default, where that will do", async () => {
    await machine.polyenv(['settings', 'set', 'defaults.node', '22']);
    const [within, beyond] = [project('p', '>=18'), project('q', '>=23')];
    for (const cwd of [within, beyond]) await machine.polyenv(['install'], { cwd });
    expect((await run(within)).stdout).toBe('tiny-node 22.1.0\n');
    expect((await run(beyond)).stdout).toBe('tiny-node 24.3.0\n');
    expect(existsSync(join(within, 'polyenv.lock'))).toBe(false);
  });
});
