import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { discard } from '../support/discard';
import { serveEveryRuntime, sitesOf } from '../support/every-runtime';
import { environmentOf, MANAGERS, populate } from '../support/managers';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';
import type { UpstreamServer } from '../support/upstream-server';

/**
 * Every block of commands in the README, the guide and the examples is run, or the line before it says why it is not:
 * `<!-- not run: REASON -->`. One that is meant to fail says so too: `<!-- ends with STATUS: REASON -->`. The blocks of a page are run in the order in which a reader meets them, each by a shell of its
 * own, in a folder `shop` with `api`, `web`, `ml` and `old` in it. Nothing is on PATH but polyenv and what every system has.
 */
const root = resolve(__dirname, '../..');
const SHELLS: Readonly<Record<string, readonly string[]>> = {
  sh: ['sh', '-eu'],
  bash: ['bash', '-eu'],
  zsh: ['zsh', '-f', '-e'],
  fish: ['fish'],
  console: ['sh', '-eu'],
};

interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** Why it is not run. */
  readonly reason: string | undefined;
  readonly ends: number;
}

const pages = [
  'README.md',
  ...['docs/guide', 'docs/examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .sort(),
  ),
];

/** All that stands between fences, whatever it is written in. */
function blocksOf(page: string): readonly Block[] {
  const lines = readFileSync(join(root, page), 'utf8').split('\n');
  const found: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const language = /^ *```(.*)$/.exec(lines[at] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.findIndex((line, index) => index > at && /^ *```$/.test(line));
    const reason = /^ *<!-- not run: (.+) -->$/.exec(lines[at - 1] ?? '')?.[1];
    const ends = Number(/^ *<!-- ends with (\d+): .+ -->$/.exec(lines[at - 1] ?? '')?.[1] ?? 0);
    found.push({ page, line: at + 1, language, text: lines.slice(at + 1, end).join('\n'), reason, ends });
    at = end;
  }
  return found;
}

const all = pages.flatMap(blocksOf);
const blocks = all.filter(({ language }) => language in SHELLS);

/** What a person types of a recorded session, else all of it. */
function typed({ language, text }: Block): string {
  if (language !== 'console') return text;
  return text
    .split('\n')
    .flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []))
    .join('\n');
}

const HARMLESS = `sh cat echo ls mkdir git env grep dirname readlink uname test true touch sed sleep ln printf pwd tar gzip
  cp chmod bash zsh fish`;

/** What a page needs beside Node.js 24 in `shop`, 20 in `api` and 22 in `web`. */
const FIRST: Readonly<Record<string, string>> = {
  'docs/guide/upgrades.md': 'polyenv use go@1.24',
  'docs/guide/daily-use.md': 'polyenv install node@18',
  'docs/guide/services.md': `printf 'services:\\n  cache:\\n    image: valkey/valkey:9\\n' >docker-compose.yml`,
};

let machine: Machine;
let server: UpstreamServer;
let nodes: TinyNode;
let env: Record<string, string>;
let shop: string;

beforeAll(async () => {
  server = await serveEveryRuntime();
  nodes = await serveTinyNode([
    { version: '24.2.0', lts: 'Krypton' },
    { version: '22.3.0', lts: 'Jod' },
    { version: '20.11.1', lts: 'Iron' },
    { version: '18.19.0', lts: 'Hydrogen' },
  ]);
  machine = newMachine();
  const bin = machine.folder('bin');
  writeFileSync(join(bin, 'polyenv'), `#!/bin/sh\nexec '${process.execPath}' '${machine.program}' "$@"\n`, {
    mode: 0o755,
  });
  for (const name of HARMLESS.split(/\s+/)) {
    const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    if (found.startsWith('/')) symlinkSync(found, join(bin, name));
  }
  const home = machine.folder('now/person');
  shop = machine.folder('now/person/shop');
  for (const folder of ['api', 'web', 'ml', 'old']) mkdirSync(join(shop, folder));
  const polyenvHome = join(home, '.local/share/polyenv');
  env = {
    HOME: home,
    POLYENV_HOME: polyenvHome,
    SHELL: '/bin/bash',
    PATH: `${polyenvHome}/shims:${bin}`,
    ...sitesOf(server),
    ...siteOf(nodes),
    POLYENV_MIRRORS: `${sitesOf(server).POLYENV_MIRRORS} ${nodes.mirrors}`,
  };
  for (const manager of MANAGERS) {
    populate(manager, home);
    Object.assign(env, environmentOf(manager, home));
  }
  const tasks = `[tasks]\n${['test', 'dev', 'build', 'check'].map((name) => `${name} = "node --version"\n`).join('')}`;
  const ready = await run(
    `polyenv use node@24 && printf '%s' '\n${tasks}' >>polyenv.toml && polyenv trust --yes &&
     polyenv -C api use node@20 && polyenv -C web use node@22`,
  );
  expect(ready.exit, ready.said).toBe(0);
  cpSync(join(machine.base, 'now'), join(machine.base, 'kept'), AS_IT_IS);
}, 120_000);

afterAll(async () => {
  machine.remove();
  await Promise.all([server.close(), nodes.close()]);
});

const AS_IT_IS = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };

/** No page sees what another one has left. */
function startAnew(): void {
  discard(join(machine.base, 'now'));
  cpSync(join(machine.base, 'kept'), join(machine.base, 'now'), AS_IT_IS);
}

function run(script: string, language = 'sh') {
  return new Promise<{ exit: number | null; said: string }>((done, fail) => {
    const [program = 'sh', ...words] = SHELLS[language] ?? [];
    const child = spawn(program, [...words, '-c', script], { cwd: shop, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.once('error', fail);
    child.once('close', (exit) => {
      clearTimeout(late);
      done({ exit, said });
    });
  });
}

const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

describe.each(pages.filter((page) => blocks.some((block) => block.page === page)))('%s', (page) => {
  const own = blocks.filter((block) => block.page === page);
  beforeAll(async () => {
    if (own.every(({ reason }) => reason !== undefined)) return;
    startAnew();
    const more = FIRST[page];
    if (more !== undefined) expect(await run(more)).toMatchObject({ exit: 0 });
  });
  it.for(own)('the block at line $line', { timeout: 120_000 }, async (block, { skip }) => {
    if (block.reason !== undefined) skip(block.reason);
    if (['bash', 'zsh', 'fish'].includes(block.language) && !has(block.language))
      skip(`${block.language} is not on this machine`);
    const ran = await run(typed(block), block.language);
    expect(ran.exit, `${block.text}\n\n${ran.said}`).toBe(block.ends);
  });
});

it('a reason says something', () => {
  for (const { reason, page, line } of blocks)
    if (reason !== undefined) expect(reason.length, `${page}:${line}`).toBeGreaterThan(10);
});

it('a test that a reason names is there', () => {
  const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' }).map((file) => basename(file));
  const named = blocks.flatMap(({ reason = '' }) => reason.match(/[\w-]+\.test\.ts/g) ?? []);
  expect(named.filter((file) => !tests.includes(file))).toEqual([]);
});

it('a block says what it is written in, so that none with commands is passed over', () => {
  const bare = all.filter(({ language }) => language === '');
  expect(bare.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
  for (const page of pages) expect(readFileSync(join(root, page), 'utf8'), page).not.toMatch(/^ {4}(?:\$ )?polyenv /m);
  for (const { page, line, language, text } of all)
    if (!(language in SHELLS)) expect(text, `${page}:${line}`).not.toMatch(/^(?:\$ )?polyenv /m);
});
