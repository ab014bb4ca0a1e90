import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

/**
 * Every block of commands in the README and in some pages of the guide is run, each in a fresh copy of a project that pins Node 20, with
 * nothing on PATH but polyenv and what every system has; or the line before it says why it is not:
 * `<!-- not run: REASON -->`.
 */
const root = resolve(__dirname, '../..');
const PAGES = ['README.md', 'docs/guide/disk-use.md', 'docs/guide/updating.md', 'docs/guide/direnv.md'];

interface Block {
  readonly page: string;
  readonly line: number;
  readonly text: string;
  readonly reason: string | undefined;
}

function blocksOf(page: string): readonly Block[] {
  const lines = readFileSync(join(root, page), 'utf8').split('\n');
  return lines.flatMap((line, index): readonly Block[] => {
    if (line !== '```sh') return [];
    const end = lines.indexOf('```', index);
    const reason = /^<!-- not run: (.+) -->$/.exec(lines[index - 1] ?? '')?.[1];
    return [{ page, line: index + 1, text: lines.slice(index + 1, end).join('\n'), reason }];
  });
}

const blocks = PAGES.flatMap(blocksOf);
const HARMLESS = [
  'sh',
  'bash',
  'cat',
  'echo',
  'ls',
  'mkdir',
  'git',
  'env',
  'grep',
  'dirname',
  'readlink',
  'uname',
  'test',
  'true',
  'touch',
  'sed',
  'sleep',
  'ln',
  'printf',
  'pwd',
];

let machine: Machine;
let server: TinyNode;
let bin: string;
beforeAll(async () => {
  server = await serveTinyNode([
    { version: '24.2.0', lts: 'Krypton' },
    { version: '22.3.0', lts: 'Jod' },
    { version: '20.11.1', lts: 'Iron' },
    { version: '18.19.0', lts: 'Hydrogen' },
  ]);
  machine = newMachine(siteOf(server));
  bin = machine.folder('bin');
  writeFileSync(join(bin, 'polyenv'), `#!/bin/sh\nexec '${process.execPath}' '${machine.program}' "$@"\n`, {
    mode: 0o755,
  });
  for (const name of HARMLESS) {
    const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    if (found.startsWith('/')) symlinkSync(found, join(bin, name));
  }
}, 60_000);
afterAll(async () => {
  machine.remove();
  await server.close();
});

/** A home folder of its own, so that no block sees what another has left. */
async function run(block: Block) {
  const base = machine.folder(`block-${block.page.replace(/\W/g, '-')}-${block.line}`);
  const home = join(base, 'home');
  const project = join(base, 'shop', 'api');
  mkdirSync(project, { recursive: true });
  mkdirSync(home);
  for (const folder of ['ml', 'old']) mkdirSync(join(base, 'shop', folder));
  const polyenvHome = join(home, '.local/share/polyenv');
  const env = {
    HOME: home,
    POLYENV_HOME: polyenvHome,
    SHELL: '/bin/bash',
    PATH: `${polyenvHome}/shims:${bin}`,
    ...siteOf(server),
  };
  const start = (script: string) =>
    new Promise<{ exit: number | null; said: string }>((done) => {
      const child = spawn('sh', ['-eu', '-c', script], { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          said += chunk.toString();
        });
      const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
      child.once('close', (exit) => {
        clearTimeout(late);
        done({ exit, said });
      });
    });
  const tasks = '[tasks]\ntest = "node --version"\ndev = "node --version"\nbuild = "node --version"\n';
  const ready = await start(`polyenv use node@20 && printf '%s' '\n${tasks}' >>polyenv.toml && polyenv trust --yes`);
  expect(ready.exit, ready.said).toBe(0);
  return start(block.text);
}

describe.each(PAGES.filter((page) => blocks.some((block) => block.page === page)))('%s', (page) => {
  it.for(blocks.filter((block) => block.page === page))(
    'the block at line $line',
    { timeout: 120_000 },
    async (block, { skip }) => {
      if (block.reason !== undefined) return skip(block.reason);
      const ran = await run(block);
      expect(ran.exit, `${block.text}\n\n${ran.said}`).toBe(0);
    },
  );
});

it('a reason says something', () => {
  for (const { reason, page, line } of blocks)
    if (reason !== undefined) expect(reason.length, `${page}:${line}`).toBeGreaterThan(10);
});
