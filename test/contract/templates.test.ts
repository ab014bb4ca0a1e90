import { mkdtempSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'smol-toml';
import { afterAll, describe, expect, it } from 'vitest';
import { listTemplates, readTemplate } from '../../src/adapters/documents/templates';
import { parseToml } from '../../src/adapters/documents/toml';
import { loadRuntimes } from '../../src/app/base/registry';
import { newProject } from '../../src/app/making/new';
import { command as newCommand } from '../../src/cli/commands/new';
import type { Parameter, Template } from '../../src/domain/making/template';
import { refuseValue } from '../../src/domain/making/template';
import { additionsOf } from '../../src/domain/making/template-additions';
import { decodeManifest } from '../../src/domain/project/manifest';
import { findRuntime } from '../../src/domain/project/manifest-values';
import type { Runtime } from '../../src/domain/runtime/runtime';
import { parseToolRequest } from '../../src/domain/versions/tool-request';
import { discard } from '../support/discard';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const folder = join(root, 'templates');
const names = readdirSync(folder).sort();
const temporary = realpathSync(mkdtempSync(join(tmpdir(), 'polyenv-templates-')));

afterAll(() => discard(temporary));

/** Sites that a person may be sent to. A registry's host is none of them, nor is any that a build would download from. */
const SITES = new Set(
  `actix.rs bevyengine.org docs.djangoproject.com docs.rs editorconfig.org expressjs.com fastapi.tiangolo.com
   flask.palletsprojects.com github.com gunicorn.org maven.apache.org nestjs.com spring.io www.djangoproject.com
   www.w3.org 127.0.0.1 api pipeline engine ledger`.split(/\s+/),
);

/** Valid for at least one rule each, and as far from the defaults as that goes. */
const ODD_NAMES = ['Odd.Name_1x', '@me/odd.name-2', 'odd_name-3x', 'org.acme_2.thing', 'example.org/Odd/~thing/v2'];

const EVERYWHERE = ['README.md', '.gitignore', '.editorconfig', '.vscode/settings.json', 'polyenv.toml'];
const TASKS = ['dev', 'test', 'check', 'build', 'start'];

it('has the promised templates', () => {
  expect(names).toEqual(
    expect.arrayContaining(
      `go-http java-spring node-express node-nest polyglot python-django python-fastapi python-flask rust-actix rust-axum
       rust-bevy`.split(/\s+/),
    ),
  );
});

for (const name of names) {
  describe(name, async () => {
    const read = await readTemplate(join(folder, name));
    const { template } = read;

    it('has its continuous integration made by polyenv generate', () => {
      expect(template.generate).toContain('github-actions');
      expect(read.files.filter(({ path }) => path.startsWith('.github/workflows'))).toEqual([]);
    });

    it('asks for each runtime by a request of its own grammar', async () => {
      const runtimes = await loadRuntimes();
      for (const { tool, request } of template.runtimes) {
        const lookup = (id: string): Runtime => findRuntime(runtimes, id) as Runtime;
        expect(() => parseToolRequest(`${tool}@${request}`, lookup)).not.toThrow();
      }
    });

    for (const [kind, given] of [
      ['defaults', {}],
      ['odd values', oddValues(template)],
      ...switchesOf(template).map((one) => [one, { [one]: 'true' }] as const),
    ] as const) {
      describe(`with ${kind}`, async () => {
        const target = join(temporary, `${name} ${kind}`, 'project');
        const project = await newProject({ read, target, given, steps: [] });
        const files = new Map(project.files.map((file) => [file, readFileSync(join(target, file), 'utf8')]));
        const text = (file: string): string => files.get(file) ?? '';
        const named = (base: string): readonly string[] => [...files.keys()].filter((file) => basename(file) === base);

        it('replaces every marker', () => {
          const left = [...files].filter(([file, content]) => `${file}\n${content}`.includes('{{polyenv'));
          expect(left.map(([file]) => file)).toEqual([]);
          expect(project.next.filter((line) => line.includes('{{'))).toEqual([]);
        });

        it('has what every project has', () => {
          expect(project.files).toEqual(expect.arrayContaining(EVERYWHERE));
          expect(named('Dockerfile').length).toBeGreaterThan(0);
          expect(named('.dockerignore')).toHaveLength(named('Dockerfile').length);
        });

        it('has a manifest with the chosen runtimes, and the tasks', async () => {
          const runtimes = await loadRuntimes();
          const document = parseToml(text('polyenv.toml'), 'polyenv.toml');
          const manifest = decodeManifest({ ...document, runtimes });
          const pinned = [
            ...manifest.runtimes.map(({ tool, version }) => ({ tool, request: version })),
            ...manifest.services.map(({ tool, version }) => ({ tool, request: version })),
          ];
          expect(pinned).toEqual(expect.arrayContaining([...project.runtimes]));
          expect(pinned).toHaveLength(project.runtimes.length);
          expect(manifest.tasks.map((task) => task.name)).toEqual(expect.arrayContaining(TASKS));
          // A shell between polyenv and the service would be ended by SIGTERM, and leave the service running.
          const starts = manifest.tasks.filter((task) => /^start\b/.test(task.name) && task.run.length > 0);
          expect(starts.filter((task) => !task.run.at(-1)?.startsWith('exec '))).toEqual([]);
        });

        it('answers where a service must', () => {
          if (!template.parameters.some(({ type }) => type === 'port')) return;
          const sources = [...files].filter(([file]) => !file.endsWith('.md')).map(([, content]) => content);
          expect(sources.some((content) => content.includes('healthz'))).toBe(true);
          expect(sources.some((content) => /\b(?:SIGTERM|TERM|graceful_timeout)\b/.test(content))).toBe(true);
          expect(sources.some((content) => content.includes(String(project.values.get('port'))))).toBe(true);
        });

        it('names no path of the machine that it was made on', () => {
          const paths = [root, temporary, `${homedir()}/`];
          const found = [...files].filter(([, content]) => paths.some((path) => content.includes(path)));
          expect(found.map(([file]) => file)).toEqual([]);
        });

        it('names no host but those of documentation', () => {
          for (const [file, content] of files) {
            // Locks have their own test: they carry the home pages of packages.
            if (/(?:\.lock|-lock\.json)$/.test(file)) continue;
            const hosts = [...content.matchAll(/https?:\/\/([\w.-]+)/g)].map(([, host = '']) => host);
            expect([file, hosts.filter((host) => !SITES.has(host) && host !== 'www.w3.org')]).toEqual([file, []]);
          }
        });

        it('is locked without the name of a registry', () => {
          const locks = [
            ...named('Cargo.toml').map((file) => expectCargoLock(text(file), text(beside(file, 'Cargo.lock')))),
            ...named('package.json').map((file) => expectNpmLock(text(file), text(beside(file, 'package-lock.json')))),
            ...named('pyproject.toml').flatMap((file) =>
              ['requirements.lock', 'requirements-dev.lock'].map((lock) => expectPythonLock(text(beside(file, lock)))),
            ),
            ...named('go.mod').map((file) => expectGoSum(text(file), text(beside(file, 'go.sum')))),
            ...named('pom.xml').map((file) => expectPinnedPom(text(file))),
          ];
          const languages = project.runtimes.filter(({ tool }) => tool !== 'postgres');
          expect(locks.length).toBeGreaterThanOrEqual(languages.length);
        });

        it('starts its database for every task that talks to it, and has its migrations', async () => {
          const manifest = decodeManifest({
            ...parseToml(text('polyenv.toml'), 'polyenv.toml'),
            runtimes: await loadRuntimes(),
          });
          const withDatabase = project.values.get('with_postgres') === 'true';
          expect(manifest.services.map((service) => service.name)).toEqual(withDatabase ? ['db'] : []);
          if (!withDatabase) return;
          const needing = manifest.tasks.filter(({ services }) => services.includes('db')).map((task) => task.name);
          for (const task of ['dev', 'test', 'start', 'migrate']) {
            expect(
              needing.some((name) => name === task || name.startsWith(`${task}:`)),
              task,
            ).toBe(true);
          }
          expect([...files.keys()].some((file) => /migrations?\/\w*1_/.test(file))).toBe(true);
          expect(
            [...files].some(([file, content]) => /test/i.test(file) && content.includes("José O'Hara")),
            'a test uses the database',
          ).toBe(true);
        });

        it('has files that parse', () => {
          for (const [file, content] of files) {
            if (file.endsWith('.json') && !/tsconfig/.test(file)) expect(() => JSON.parse(content), file).not.toThrow();
            if (file.endsWith('.toml')) expect(() => parse(content), file).not.toThrow();
            expect(content.includes('\r'), `${file} has CR`).toBe(false);
          }
        });
      });
    }

    it('is documented', () => {
      const page = readFileSync(join(root, 'docs/guide/templates', `${name}.md`), 'utf8');
      for (const parameter of template.parameters) expect(page).toContain(`\`${parameter.name}\``);
    });

    it('has a page whose commands are its own', async () => {
      const page = readFileSync(join(root, 'docs/guide/templates', `${name}.md`), 'utf8');
      const target = join(temporary, `${name} page`, 'project');
      const { values } = await newProject({ read, target, given: {}, steps: [] });
      const document = parseToml(readFileSync(join(target, 'polyenv.toml'), 'utf8'), 'polyenv.toml');
      const { tasks } = decodeManifest({ ...document, runtimes: await loadRuntimes() });
      const known = tasks.map((task) => task.name).filter((task) => !task.includes(':'));
      const shown = [...page.matchAll(/polyenv run ([\w:]+)/g)].map(([, task = '']) => task);
      expect(shown.filter((task) => !tasks.some((one) => one.name === task))).toEqual([]);
      expect(shown).toEqual(expect.arrayContaining(known));
      for (const step of known.filter((task) => ['setup', 'test', 'dev'].includes(task)))
        expect(page).toMatch(new RegExp(`^polyenv run ${step}\\b`, 'm'));
      expect(page).toMatch(new RegExp(`^polyenv new ${name} my-project`, 'm'));
      const ports = [...page.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => port);
      expect(ports.filter((port) => port !== String(values.get('port')))).toEqual([]);
      expect(ports.length > 0).toBe(values.has('port'));
    });

    it('has a default for everything that npm packs, and nothing that it would leave out', () => {
      for (const file of read.files) {
        expect(relative(folder, file.source)).not.toMatch(/(?:^|\/)(?:\.gitignore|\.npmrc|\.npmignore|node_modules)$/);
      }
    });
  });
}

function switchesOf({ parameters }: Template): readonly string[] {
  return parameters.filter(({ type }) => type === 'boolean').map(({ name }) => name);
}

it('offers the completion of --with what templates have', async () => {
  const all = await listTemplates(folder);
  const offered = (newCommand.options ?? []).find(({ name }) => name === 'with')?.offered ?? [];
  expect([...offered].sort()).toEqual([...new Set(all.flatMap(additionsOf))].sort());
});

function oddValues(template: Template): Record<string, string> {
  let port = 65_535;
  const odd = (parameter: Parameter): string => {
    switch (parameter.type) {
      case 'port':
        return String(port--);
      case 'boolean':
        return parameter.fallback === 'true' ? 'false' : 'true';
      case 'name':
        return ODD_NAMES.find((name) => refuseValue(parameter, name) === undefined) ?? parameter.fallback;
      case 'choice':
        return parameter.choices.at(-1) ?? parameter.fallback;
      case 'text':
        return 'Odd, but fine: ü/x (y) @ 100';
      case 'version':
        return '1.2.3';
    }
  };
  return Object.fromEntries([
    ...template.parameters.map((parameter) => [parameter.name, odd(parameter)]),
    ...template.runtimes.map(({ tool }) => [tool, '>=1.2.3 <9']),
  ]);
}

function beside(file: string, other: string): string {
  return join(dirname(file), other);
}

/** A lock's `source` is cargo's own id of its default registry, the same whatever mirror serves it; there is one, and every package has its checksum. */
function expectCargoLock(manifest: string, lock: string): void {
  const { package: own } = parse(manifest) as { package: { name: string } };
  const { package: packages } = parse(lock) as { package: { name: string; source?: string; checksum?: string }[] };
  expect(packages.filter(({ source }) => source === undefined).map(({ name }) => name)).toEqual([own.name]);
  const foreign = packages.filter(({ source }) => source !== undefined);
  expect(new Set(foreign.map(({ source }) => source?.replace(/[^/]+$/, '')))).toEqual(
    new Set(['registry+https://github.com/rust-lang/']),
  );
  expect(foreign.filter(({ checksum }) => !/^[0-9a-f]{64}$/.test(checksum ?? ''))).toEqual([]);
}

interface NpmLock {
  readonly name: string;
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly name?: string;
        readonly link?: boolean;
        readonly integrity?: string;
        readonly resolved?: string;
        readonly dependencies?: object;
        readonly devDependencies?: object;
        readonly optionalDependencies?: Readonly<Record<string, string>>;
      }
    >
  >;
}

function expectNpmLock(manifest: string, lock: string): void {
  const own = JSON.parse(manifest) as { name: string; dependencies?: object; devDependencies?: object };
  const { name, packages } = JSON.parse(lock) as NpmLock;
  expect(name).toBe(own.name);
  expect(packages['']).toMatchObject(own.dependencies === undefined ? {} : { dependencies: own.dependencies });
  expect(packages['']?.devDependencies).toEqual(own.devDependencies);
  const paths = Object.keys(packages);
  for (const [path, entry] of Object.entries(packages)) {
    if (path === '') continue;
    expect([path, entry.resolved]).toEqual([path, undefined]);
    expect([path, entry.integrity]).toEqual([path, expect.stringMatching(/^sha512-/)]);
    // A package that only other platforms install must be in the lock all the same, or `npm ci` fails there.
    for (const optional of Object.keys(entry.optionalDependencies ?? {})) {
      expect(
        paths.some((known) => known.endsWith(`node_modules/${optional}`)),
        `${path} -> ${optional}`,
      ).toBe(true);
    }
  }
}

function expectPythonLock(lock: string): void {
  const requirements = lock.replaceAll('\\\n', ' ').split('\n');
  const pinned = requirements.filter((line) => line !== '' && !/^\s*#/.test(line));
  expect(pinned.length).toBeGreaterThan(2);
  expect(pinned.filter((line) => !/^[a-z0-9-]+(?:\[[\w,]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}/.test(line))).toEqual(
    [],
  );
  expect(lock).not.toMatch(/https?:|--index|--extra|--find/);
}

function expectGoSum(manifest: string, sum: string): void {
  const required = [...manifest.matchAll(/^\s+(\S+) (v\S+)/gm)].map(([, module, version]) => `${module} ${version}`);
  expect(required.length).toBeGreaterThan(0);
  for (const module of required) expect(sum).toContain(`${module} h1:`);
}

/** Maven has no lock: what is not managed by the parent has a version, and none moves. */
function expectPinnedPom(pom: string): void {
  expect(pom).toMatch(/<parent>[\s\S]*<version>\d+\.\d+\.\d+<\/version>[\s\S]*<\/parent>/);
  expect(pom).toContain('<banDynamicVersions/>');
  expect(pom).not.toMatch(/<repositor(?:y|ies)>|<version>(?:LATEST|RELEASE)/);
}
