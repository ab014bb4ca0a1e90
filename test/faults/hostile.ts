import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tarGz } from '../support/archives';
import type { Machine, Ran } from '../support/cli';
import { serveFaultyNode } from '../support/faulty-node';
import { residue } from '../support/kill-steps';
import { siteOf } from '../support/tiny-node';
import { holds, holdsNode, holdsNoTrace, RELEASES, type Row, type Scope } from './row';

const ARCHIVE = '20.11.1';

export const hostileRows: readonly Row[] = [
  {
    id: 'V01',
    what: 'an archive with one flipped byte, then the right one',
    run: async (scope) => {
      const { site, machine, cwd } = await withSite(scope);
      const path = site.archive(ARCHIVE);
      const body = Buffer.from(site.body(path));
      body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
      site.server.set(path, { body });
      const ran = await refused(machine, cwd, ['use', 'node@20'], 6);
      holds(
        /expected sha256:[0-9a-f]{64}, got sha256:[0-9a-f]{64}/.test(ran.stderr),
        'both digests are not shown',
        ran.stderr,
      );
      holds(residue(machine, cwd).length === 0 && !existsSync(join(cwd, 'polyenv.toml')), 'something was left over');
      site.server.set(path, { body: site.body(path) });
      await works(machine, cwd);
      return { held: 'exit 6 with both digests; the second try worked' };
    },
  },
  {
    id: 'V05',
    what: 'the upstream publishes another archive under the old name, with a matching list',
    run: async (scope) => {
      const { site, machine, cwd } = await withSite(scope);
      await works(machine, cwd);
      await machine.polyenv(['uninstall', '--force', 'node@20'], { cwd });
      const path = site.archive(ARCHIVE);
      site.server.set(path, { body: site.body(site.archive('18.19.0')) });
      site.server.set(`/dist/v${ARCHIVE}/SHASUMS256.txt`, { body: '' });
      const lock = readFileSync(join(cwd, 'polyenv.lock'), 'utf8');
      await refused(machine, cwd, ['install'], 6);
      holds(readFileSync(join(cwd, 'polyenv.lock'), 'utf8') === lock, 'the lock was changed');
      return { held: "exit 6: the lock's digest wins; the lock is unchanged" };
    },
  },
  {
    id: 'V07',
    what: '--frozen after the manifest was changed',
    run: async (scope) => {
      const { site, machine, cwd } = await withSite(scope);
      await works(machine, cwd);
      writeFileSync(join(cwd, 'polyenv.toml'), '[runtimes]\nnode = "18"\n');
      const lock = readFileSync(join(cwd, 'polyenv.lock'), 'utf8');
      const before = site.server.requests.length;
      await refused(machine, cwd, ['install', '--frozen'], 7);
      holds(site.server.requests.length === before, 'something was asked for');
      holds(readFileSync(join(cwd, 'polyenv.lock'), 'utf8') === lock, 'the lock was changed');
      return { held: 'exit 7, no request, the lock unchanged' };
    },
  },
  {
    id: 'V11',
    what: 'an archive that attacks, with a wrong digest and with the right one',
    run: async (scope) => {
      const evil = tarGz([
        { name: 'node-v20.11.1-linux-x64/', type: '5', mode: 0o755 },
        { name: 'node-v20.11.1-linux-x64/../../../../evil', content: 'evil' },
      ]);
      const { site, machine, cwd } = await withSite(scope);
      site.server.set(site.archive(ARCHIVE), { body: evil });
      const ran = await refused(machine, cwd, ['use', 'node@20'], 6);
      holds(ran.stderr.includes('digest-mismatch'), 'the digest does not speak first', ran.stderr);
      const { createHash } = await import('node:crypto');
      const name = site.archive(ARCHIVE).split('/').pop();
      const sums = `${createHash('sha256').update(evil).digest('hex')}  ${name}\n`;
      const again = scope.machine(siteOf(site), {});
      const folder = again.folder('project');
      site.server.set(`/dist/v${ARCHIVE}/SHASUMS256.txt`, { body: sums });
      const second = await refused(again, folder, ['use', 'node@20'], 6);
      holds(second.stderr.includes('archive-refused'), 'it is not refused as what it is', second.stderr);
      for (const one of [machine, again])
        holds(!existsSync(join(one.base, 'evil')) && !existsSync(join(one.polyenvHome, 'evil')), 'it got out');
      return { held: 'digest-mismatch, then archive-refused; nothing outside' };
    },
  },
  {
    id: 'I17',
    what: 'an archive without the program that it should hold, or with one that cannot be run',
    run: async (scope) => {
      const { site, machine, cwd } = await withSite(scope);
      const root = `node-v20.11.1-linux-${process.arch}`;
      const { createHash } = await import('node:crypto');
      for (const members of [
        [{ name: `${root}/LICENSE`, content: 'x' }],
        [{ name: `${root}/bin/node`, content: '#!/bin/sh\n', mode: 0o644 }],
      ]) {
        const body = tarGz(members);
        const path = site.archive(ARCHIVE);
        site.server.set(path, { body });
        const sums = `${createHash('sha256').update(body).digest('hex')}  ${path.split('/').pop()}\n`;
        site.server.set(`/dist/v${ARCHIVE}/SHASUMS256.txt`, { body: sums });
        const fresh = scope.machine(siteOf(site), {});
        await refused(fresh, fresh.folder('project'), ['use', 'node@20'], 6);
        holds(
          !existsSync(join(fresh.polyenvHome, 'store')) || readdirSync(join(fresh.polyenvHome, 'store')).length === 0,
          'it was published',
        );
      }
      holds((await machine.polyenv(['ls'], { cwd })).exit === 0, 'ls fails');
      return { held: 'refused before anything was published' };
    },
  },
  {
    id: 'N01',
    what: 'the connection is closed after 0, 1, half and all but one byte',
    run: async (scope) => {
      const { site, machine, cwd } = await withSite(scope);
      const path = site.archive(ARCHIVE);
      const body = site.body(path);
      for (const cutAfter of [0, 1, body.length >> 1, body.length - 1]) {
        site.server.set(path, { body, cutAfter });
        const fresh = scope.machine(siteOf(site), {});
        const ran = await refused(fresh, fresh.folder('project'), ['use', 'node@20'], 5);
        holds(
          ran.stderr.includes('127.0.0.1') || ran.stderr.includes('nodejs.org'),
          'the place is not named',
          ran.stderr,
        );
      }
      site.server.set(
        path,
        { body, cutAfter: 300, headers: { etag: '"1"' }, ranges: true },
        { body, headers: { etag: '"1"' }, ranges: true },
      );
      await works(machine, cwd);
      return { held: 'exit 5 naming the place; resumed and worked once the server did' };
    },
  },
  {
    id: 'N03',
    what: 'a server that stalls before its headers, and in the middle of a body',
    run: async (scope) => {
      const { site } = await withSite(scope);
      const path = site.archive(ARCHIVE);
      for (const stallAfter of [-1, 100]) {
        site.server.set(path, { body: site.body(path), stallAfter });
        const machine = scope.machine({ ...siteOf(site), POLYENV_NETWORK_TIMEOUT: '1' });
        const started = Date.now();
        await refused(machine, machine.folder('project'), ['use', 'node@20'], 5);
        holds(Date.now() - started < 20_000, 'it took too long', Date.now() - started);
      }
      return { held: 'exit 5 within the limit' };
    },
  },
  {
    id: 'N05',
    what: 'no network at all, everything installed',
    run: async (scope) => {
      const { site, machine, cwd } = await withSite(scope);
      await works(machine, cwd);
      const before = site.server.requests.length;
      const dead = { POLYENV_MIRRORS: 'https://nodejs.org/dist=http://127.0.0.1:9/dist' };
      for (const args of [
        ['install'],
        ['install', '--frozen'],
        ['ls'],
        ['current'],
        ['which', 'node'],
        ['verify'],
        ['exec', '--', 'node', '--version'],
      ]) {
        const started = Date.now();
        const ran = await machine.polyenv(args, { cwd, env: dead });
        holds(ran.exit === 0, `${args.join(' ')} fails`, ran.stderr);
        holds(Date.now() - started < 4000, `${args.join(' ')} took too long`, Date.now() - started);
      }
      holds(site.server.requests.length === before, 'something was asked for');
      return { held: 'seven commands worked without a request' };
    },
  },
  {
    id: 'N11',
    what: 'redirects to file, to another scheme, in a circle',
    run: async (scope) => {
      const { site } = await withSite(scope);
      const path = site.archive(ARCHIVE);
      for (const location of ['file:///etc/passwd', 'ftp://127.0.0.1/x', 'http://example.test/x', path]) {
        site.server.set(path, { status: 302, headers: { location } });
        const machine = scope.machine(siteOf(site));
        await refused(machine, machine.folder('project'), ['use', 'node@20'], 5);
      }
      return { held: 'four refused with exit 5' };
    },
  },
  {
    id: 'N18',
    what: 'what a sign-in page, 403, 404, 429 and 500 answer',
    run: async (scope) => {
      const { site, machine, cwd } = await withSite(scope);
      const path = site.archive(ARCHIVE);
      const page = { body: '<!DOCTYPE html><html>sign in</html>', headers: { 'content-type': 'text/html' } };
      for (const answer of [
        page,
        { status: 403 },
        { status: 404 },
        { status: 429, headers: { 'retry-after': '1' } },
        { status: 500 },
      ]) {
        site.server.set(path, answer);
        const fresh = scope.machine(siteOf(site), {});
        await refused(fresh, fresh.folder('project'), ['use', 'node@20'], 5);
      }
      site.server.set(path, { body: site.body(path) });
      await works(machine, cwd);
      return { held: 'five refused with exit 5' };
    },
  },
  {
    id: 'T11',
    what: 'versions that are paths, options, substitutions, and very long',
    run: async (scope) => {
      const { machine, cwd } = await withSite(scope);
      await works(machine, cwd);
      const evil = machine.folder('evil/bin');
      writeFileSync(join(evil, 'node'), `#!/bin/sh\ntouch ${machine.base}/ran\n`, { mode: 0o755 });
      const versions = [
        '../../evil',
        join(machine.base, 'evil'),
        '..',
        '.',
        'a/b',
        '%2e%2e',
        'v1\n2',
        '',
        '$(id)',
        '`id`',
        'x'.repeat(100_000),
        "'; touch ran; '",
      ];
      for (const version of versions) {
        const folder = machine.folder('victim');
        rmSync(join(folder, 'polyenv.toml'), { force: true });
        rmSync(join(folder, '.nvmrc'), { force: true });
        const asked = version.length > 1000 ? [] : [[`node@${version}`]];
        for (const args of asked) {
          for (const verb of ['use', 'exec', 'uninstall']) {
            const ran = await machine.polyenv([verb, ...args, ...(verb === 'exec' ? ['--', 'node', '-v'] : [])], {
              cwd: folder,
            });
            holds(ran.exit !== 0 || version === '', `${verb} took ${JSON.stringify(version)}`, ran.stdout);
          }
        }
        writeFileSync(join(folder, '.nvmrc'), `${version}\n`);
        writeFileSync(join(folder, 'polyenv.toml'), `[runtimes]\nnode = ${JSON.stringify(version)}\n`);
        await machine.run(['node', '--version'], { cwd: folder });
        await machine.run(['node', '--version'], { cwd, env: { POLYENV_NODE: version } });
      }
      holds(!existsSync(join(machine.base, 'ran')), 'a foreign program was run');
      holds(existsSync(join(machine.base, 'evil/bin/node')), 'something outside was removed');
      const verified = await machine.polyenv(['verify', '--all', '--deep'], { cwd });
      holds(verified.exit === 0, 'the store was changed', verified.stdout);
      return {
        held: `${versions.length} versions in arguments, files and variables: nothing foreign ran, nothing outside changed`,
      };
    },
  },
  {
    id: 'T12',
    what: 'locks with foreign URLs, locators, digests, versions, and rubbish',
    run: async (scope) => {
      const { site, machine, cwd } = await withSite(scope);
      await works(machine, cwd);
      await machine.polyenv(['uninstall', '--force', 'node@20'], { cwd });
      const path = join(cwd, 'polyenv.lock');
      const lock = readFileSync(path, 'utf8');
      const changes: readonly (readonly [RegExp | string, string])[] = [
        [/https:\/\/nodejs\.org\/dist\//g, 'https://evil.test/dist/'],
        [/https:\/\/nodejs\.org\/dist\//g, 'file:///tmp/'],
        [/https:\/\/nodejs\.org\/dist\//g, 'https://nodejs.org/dist/../../x/'],
        [/https:\/\/nodejs\.org\/dist\/v20\.11\.1/g, 'https://nodejs.org/dist/v18.19.0'],
        [/sha256:[0-9a-f]{64}/g, `sha256:${'0'.repeat(64)}`],
        [/sha256:[0-9a-f]{64}/g, 'md5:00'],
        ['version = "20.11.1"', 'version = "../../../evil"'],
        ['source = "nodejs.org"', 'source = "../npm"'],
        [/version = 1/, 'version = 99'],
        [/^/, '\u0000\u001b]0;evil\u0007'],
        [/[\s\S]*/, '[[[[[['],
      ];
      const asked = (): number => site.server.requests.length;
      const before = asked();
      for (const [from, to] of changes) {
        writeFileSync(path, lock.replace(from, to));
        holds(readFileSync(path, 'utf8') !== lock, 'the lock was not changed by the test', String(from));
        const ran = await machine.polyenv(['install', '--frozen'], { cwd });
        holds(
          [3, 5, 6, 7, 8].includes(ran.exit),
          `a lock with ${to.slice(0, 40)} ended with ${ran.exit}`,
          ran.stdout + ran.stderr,
        );
        holds(!/[\u0000\u0007]|\u001b\]/.test(ran.stdout + ran.stderr), 'an escape is shown raw', ran.stderr);
        holdsNoTrace(ran);
      }
      // Only the changed digest leads to the official archive at all.
      holds(asked() - before <= 3, 'foreign places were asked', asked() - before);
      writeFileSync(path, lock);
      holds((await machine.polyenv(['install', '--frozen'], { cwd })).exit === 0, 'the good lock does not install');
      return { held: `${changes.length} locks refused in words; nothing foreign was asked for` };
    },
  },
  {
    id: 'T16',
    what: 'a project that brings a compiled environment, a bin folder and links into the home',
    run: async (scope) => {
      const { machine, cwd } = await withSite(scope);
      await works(machine, cwd);
      const folder = machine.folder('clone');
      for (const name of ['.polyenv', 'bin', 'shims']) {
        mkdirSync(join(folder, name), { recursive: true });
        writeFileSync(join(folder, name, 'node'), `#!/bin/sh\ntouch ${machine.base}/ran\n`, { mode: 0o755 });
        writeFileSync(join(folder, name, 'route.sh'), `touch ${machine.base}/ran\n`);
      }
      symlinkSync(machine.polyenvHome, join(folder, 'home'));
      writeFileSync(
        join(folder, 'polyenv.toml'),
        '[runtimes]\nnode = "20"\n[env]\nPATH = "/tmp"\nBASH_ENV = "/tmp/x"\n[paths]\nprepend = ["bin"]\n',
      );
      const ran = await machine.run(['node', '--version'], { cwd: folder });
      holds(ran.stdout.trim() === 'v20.11.1' || ran.exit !== 0, 'another node answered', ran.stdout);
      await machine.polyenv(['env'], { cwd: folder });
      await machine.polyenv(['exec', '--', 'node', '--version'], { cwd: folder });
      await machine.run(['node', '--version'], { cwd: join(folder, '.polyenv') });
      holds(!existsSync(join(machine.base, 'ran')), "the repository's program was run");
      holds((await machine.polyenv(['verify', '--all', '--deep'], { cwd })).exit === 0, 'the home was changed');
      return { held: 'nothing of it was run, the home is as it was' };
    },
  },
  {
    id: 'S16',
    what: 'state of every kind emptied, cut and filled with rubbish',
    run: async (scope) => {
      const { machine, cwd } = await withSite(scope);
      await works(machine, cwd);
      const files = [
        'layout.v1',
        `envs${cwd}/.polyenv/env.json`,
        `envs${cwd}/.polyenv/route.sh`,
        'bin/polyenv',
        'shims/node',
      ];
      for (const folder of ['cache', 'state']) {
        const path = join(machine.polyenvHome, folder);
        for (const entry of existsSync(path) ? readdirSync(path, { withFileTypes: true }) : [])
          if (entry.isFile()) files.push(`${folder}/${entry.name}`);
      }
      for (const file of files) {
        for (const text of ['', '{', '\0\xff\xfe rubbish', '{"schema":99}']) {
          writeFileSync(join(machine.polyenvHome, file), text);
          const ran = await machine.polyenv(['install'], { cwd });
          holds(
            ran.exit === 0 || /error\[[a-z-]+\]/.test(ran.stderr),
            `${file}: install ends with ${ran.exit}`,
            ran.stderr,
          );
          holds(!ran.stderr.includes('error[failed]'), `${file}: it is not told in words`, ran.stderr);
          if (ran.exit !== 0)
            holds((await machine.polyenv(['verify', '--repair'], { cwd })).exit === 0, `${file} is not fixed`);
        }
        await holdsNode(machine, { cwd }, `${file}: node does not run afterwards`);
      }
      writeFileSync(join(machine.polyenvHome, 'layout.v2'), '');
      await refused(machine, cwd, ['install'], 3);
      return { held: `${files.length} files × 4: rebuilt or told; a newer layout is refused` };
    },
  },
];

interface Site {
  readonly site: Awaited<ReturnType<typeof serveFaultyNode>>;
  readonly machine: Machine;
  readonly cwd: string;
}

async function withSite(scope: Scope): Promise<Site> {
  const site = await serveFaultyNode(RELEASES);
  scope.after(() => site.close());
  const machine = scope.machine(siteOf(site), {});
  return { site, machine, cwd: machine.folder('project') };
}

async function works(machine: Machine, cwd: string): Promise<void> {
  const used = await machine.polyenv(['use', 'node@20'], { cwd });
  holds(used.exit === 0, 'use fails', used.stderr);
  const ran = await machine.run(['node', '--version'], { cwd });
  holds(ran.stdout.trim() === `v${ARCHIVE}`, 'node does not run', ran.stdout + ran.stderr);
}

async function refused(machine: Machine, cwd: string, args: readonly string[], exit: number): Promise<Ran> {
  const ran = await machine.polyenv(args, { cwd });
  holds(
    ran.exit === exit,
    `${args.join(' ')} should end with ${exit}, ended with ${ran.exit}`,
    ran.stdout + ran.stderr,
  );
  holds(/error\[[a-z-]+\]/.test(ran.stderr) && !/\n {4}at /.test(ran.stderr), 'it is not told in words', ran.stderr);
  return ran;
}
