import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { referencePages } from '../../scripts/reference-pages';
import { CATALOG } from '../../src/cli/catalog';
import type { Example, Input } from '../../src/cli/command';
import { entryOf, loadCommand } from '../../src/cli/entry';
import { helpText } from '../../src/cli/output/help';
import { readWords } from '../../src/cli/program';
import { CATALOGUE } from '../../src/domain/words/errors';
import type { Host } from '../../src/host';
import { polyenvCalls, understand } from '../support/understand';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

describe('the pages that the code writes', async () => {
  it.each([...(await referencePages())])('docs/reference/%s is up to date', (name, text) => {
    expect(readFileSync(join(root, 'docs/reference', name), 'utf8'), 'npx tsx scripts/reference.ts').toBe(text);
  });
});

describe('links', () => {
  it.each(markdownFiles())('of %s lead somewhere', (file) => {
    const broken = linksOf(file).filter((link) => problemOf(file, link) !== undefined);
    expect(broken.map((link) => `${link}: ${problemOf(file, link)}`)).toEqual([]);
  });

  it('of the recorded session show no path of the machine that recorded it', () => {
    const session = readFileSync(join(root, 'docs/session.svg'), 'utf8');
    expect(session).toContain('~/api');
    expect(session).not.toMatch(/[ "(]\/(?:tmp|root|home|work|Users|private|var)\//);
  });

  it('that lead nowhere are noticed', () => {
    expect(problemOf('README.md', 'docs/no-such-page.md')).toBe('there is no such file');
    expect(problemOf('README.md', 'docs/reference/errors.md#no-such-code')).toBe('there is no such heading');
    expect(problemOf('README.md', 'docs/reference/errors.md#lock-stale')).toBeUndefined();
  });
});

describe('every example', async () => {
  const commands = await Promise.all(CATALOG.map(loadCommand));
  const examples = commands.flatMap(({ examples = [] }) =>
    examples.map((example): [string, Example] => [example.run, example]),
  );

  it.each(examples)('%s is understood', async (run) => {
    await understand(run);
  });

  it('with a switch that begins with no- has it switched', async () => {
    const command = await loadCommand(entryOf(CATALOG, 'new'));
    const read = (...after: readonly string[]) => readWords(command, { before: [], after }, {} as Host).options;
    expect(read('go-http', 'svc', '--no-git')).toMatchObject({ 'no-git': true });
    expect(read('go-http', 'svc')).not.toHaveProperty('no-git');
  });

  it('of help: each error is explained by its code, which no verb has as its name', async () => {
    const help = await loadCommand(entryOf(CATALOG, 'help'));
    for (const code of Object.keys(CATALOGUE)) {
      const said = await help.run({ args: [code], catalog: CATALOG } as unknown as Input);
      expect(said?.text).toContain(`error[${code}]`);
      expect(said?.text).not.toMatch(/\]\(|`/);
      expect(CATALOG.map(({ name }) => name)).not.toContain(code);
    }
  });

  it('of use stands on the page that help prints', async () => {
    const use = await loadCommand(entryOf(CATALOG, 'use'));
    expect(use.examples?.length).toBeGreaterThan(2);
    for (const { run } of use.examples ?? []) expect(helpText(use)).toContain(run);
  });
});

/** Verbs that pages may show before they are there: each is held like the others from then on. */
const PLANNED = ['run', 'activate', 'upgrade', 'outdated', 'rollback', 'info', 'size', 'generate', 'ide'].filter(
  (verb) => !CATALOG.some(({ name }) => name === verb),
);

describe('every command that a page shows', () => {
  for (const file of markdownFiles()) {
    const lines = shownIn(file);
    const absent = lines.filter((line) => polyenvCalls(line).some(([verb = '']) => PLANNED.includes(verb)));
    if (lines.length === 0) continue;
    it(`in ${file} is understood`, async ({ skip }) => {
      for (const line of lines) if (!absent.includes(line)) await understand(line);
      skip(absent.length > 0, `not there yet: ${absent.join(', ')}`);
    });
  }

  it('is found in the pages, and noticed where it is wrong', async () => {
    expect(shownIn('docs/guide/daily-use.md')).toContain('polyenv shell node@22');
    await expect(understand('polyenv use --no-such-option node@22')).rejects.toMatchObject({ code: 'usage' });
    await expect(understand('cd api && polyenv no-such-verb')).rejects.toMatchObject({ code: 'usage' });
  });
});

/** Lines of blocks for a shell, and what is typed in recorded ones, without comments. */
function shownIn(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8').replaceAll('\\\n', ' ');
  return [...text.matchAll(/^```(sh|console)\n([\s\S]*?)^```/gm)].flatMap(([, language, block = '']) =>
    block
      .split('\n')
      .flatMap((line) => (language === 'sh' ? [line] : line.startsWith('$ ') ? [line.slice(2)] : []))
      .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
      .filter((line) => /\bpolyenv\b/.test(line)),
  );
}

function markdownFiles(): readonly string[] {
  const pages = readdirSync(join(root, 'docs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  return [...readdirSync(root).filter((name) => name.endsWith('.md')), ...pages];
}

/** Targets of links and pictures that are not on other sites; what stands in code is none. */
function linksOf(file: string): readonly string[] {
  return [...prose(file).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((link) => !/^[a-z]+:/.test(link));
}

function problemOf(file: string, link: string): string | undefined {
  const [path = '', heading] = link.split('#');
  const target = path === '' ? file : relative(root, resolve(root, dirname(file), decodeURI(path)));
  if (!existsSync(join(root, target))) return 'there is no such file';
  if (heading !== undefined && !headingsOf(target).includes(heading)) return 'there is no such heading';
  return undefined;
}

/** As GitHub names them. */
function headingsOf(file: string): readonly string[] {
  return [...prose(file).matchAll(/^#+ +(.*)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function prose(file: string): string {
  return readFileSync(join(root, file), 'utf8')
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`(?!\])/g, (code) => code.replace(/[[\]()]/g, ''));
}
