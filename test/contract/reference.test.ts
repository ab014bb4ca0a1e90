import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { referencePages } from '../../scripts/reference-pages';
import { parseWishes } from '../../src/app/wishes';
import { CATALOG } from '../../src/cli/catalog';
import type { Example } from '../../src/cli/command';
import { helpText } from '../../src/cli/output/help';
import { entryOf, loadCommand, readWords } from '../../src/cli/program';
import { optionsFromFlags } from '../../src/cli/request-flags';
import type { Host } from '../../src/host';

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
    for (const words of polyenvCalls(run)) {
      const command = await loadCommand(entryOf(words[0] ?? ''));
      const read = readWords(command, { before: [], after: words.slice(1) }, {} as Host);
      const least = (command.arguments ?? []).filter(({ required }) => required).length;
      expect(read.args.length).toBeGreaterThanOrEqual(least);
      command.arguments?.forEach(({ choices }, index) => {
        const word = read.args[index];
        if (choices !== undefined && word !== undefined) expect(choices).toContain(word);
      });
      if (command.name === 'use') await parseWishes(read.args, await optionsFromFlags(read.options));
    }
  });

  it('with a switch that begins with no- has it switched', async () => {
    const command = await loadCommand(entryOf('new'));
    const read = (...after: readonly string[]) => readWords(command, { before: [], after }, {} as Host).options;
    expect(read('go-http', 'svc', '--no-git')).toMatchObject({ 'no-git': true });
    expect(read('go-http', 'svc')).not.toHaveProperty('no-git');
  });

  it('of use stands on the page that help prints', async () => {
    const use = await loadCommand(entryOf('use'));
    expect(use.examples?.length).toBeGreaterThan(2);
    for (const { run } of use.examples ?? []) expect(helpText(use)).toContain(run);
  });
});

function markdownFiles(): readonly string[] {
  const pages = readdirSync(join(root, 'docs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  return ['README.md', 'CONTRIBUTING.md', ...pages];
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

/** The polyenv commands of a line for a shell, each as its words behind `polyenv`. */
function polyenvCalls(line: string): readonly (readonly string[])[] {
  const inner = /\$\((polyenv [^)]*)\)/.exec(line)?.[1] ?? line;
  return inner
    .split(/ && | \|\| | \| | > /)
    .map((part) => (part.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^["']|["']$/g, '')))
    .filter((words) => words[0] === 'polyenv')
    .map((words) => words.slice(1));
}
