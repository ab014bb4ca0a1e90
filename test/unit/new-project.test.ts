import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTemplate, listTemplates, readTemplate } from '../../src/adapters/documents/templates';
import { nameFor, newProject, portsFor } from '../../src/app/making/new';
import { discard } from '../support/discard';

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'polyenv-new-')));
});

afterEach(() => discard(folder));

const DESCRIPTION = `
title = "T"
description = "D"
next = ["cd {{polyenv.folder}}"]
[parameters.name]
type = "name"
title = "Name"
default = "sample"
check = ["crates"]
distinct = ["Cargo.lock"]
[parameters.extra]
type = "boolean"
title = "Extra"
default = false
adds = "with-extra"
`;

type Files = Readonly<Record<string, string | Uint8Array>>;

function makeTemplate(files: Files, description = DESCRIPTION): string {
  const root = join(folder, 'templates', 'sample');
  write(join(root, 'template.toml'), description);
  mkdirSync(join(root, 'with-extra'), { recursive: true });
  for (const [path, content] of Object.entries({ 'files/README.md': '# {{polyenv.name}}\n', ...files })) {
    write(join(root, path), content);
  }
  return root;
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

async function make(target: string, more: Partial<Parameters<typeof newProject>[0]> = {}) {
  const read = await readTemplate(join(folder, 'templates', 'sample'));
  return newProject({ read, target, given: {}, steps: [], ...more });
}

const code = (code: string) => expect.objectContaining({ code });

describe('a new project', () => {
  it('has the files, with markers replaced in contents and names, and modes kept', async () => {
    const root = makeTemplate({
      'files/src/{{polyenv.name_ident}}/main.rs': 'use {{polyenv.name_ident}};',
      'files/{{polyenv.dot}}gitignore': '/target\n',
      'files/run.sh': '#!/bin/sh\n',
    });
    chmodSync(join(root, 'files/run.sh'), 0o755);
    const project = await make(join(folder, 'my-app'), { given: { name: 'my-app' } });
    expect(project.files).toEqual(['.gitignore', 'README.md', 'run.sh', 'src/my_app/main.rs']);
    expect(readFileSync(join(folder, 'my-app/src/my_app/main.rs'), 'utf8')).toBe('use my_app;');
    expect(readFileSync(join(folder, 'my-app/README.md'), 'utf8')).toBe('# my-app\n');
    expect(statSync(join(folder, 'my-app/run.sh')).mode & 0o111).toBe(0o111);
    expect(statSync(join(folder, 'my-app/README.md')).mode & 0o111).toBe(0);
    expect(project.next).toEqual(['cd my-app']);
    expect(readdirSync(folder).sort()).toEqual(['my-app', 'templates']);
  });

  it('has files that are no text byte for byte', async () => {
    const binary = Buffer.concat([Buffer.from([0xff, 0xfe, 0x00]), Buffer.from('{{polyenv.name}}')]);
    makeTemplate({ 'files/icon.png': binary });
    await make(join(folder, 'p'));
    expect(readFileSync(join(folder, 'p/icon.png')).equals(binary)).toBe(true);
  });

  it('has an added folder laid over it only if asked', async () => {
    makeTemplate({ 'files/a.txt': 'plain', 'with-extra/a.txt': 'extra', 'with-extra/b.txt': 'more' });
    expect((await make(join(folder, 'p'))).files).toEqual(['README.md', 'a.txt']);
    expect((await make(join(folder, 'q'), { given: { extra: 'true' } })).files).toEqual([
      'README.md',
      'a.txt',
      'b.txt',
    ]);
    expect(readFileSync(join(folder, 'p/a.txt'), 'utf8')).toBe('plain');
    expect(readFileSync(join(folder, 'q/a.txt'), 'utf8')).toBe('extra');
  });

  it('goes into an empty folder without replacing it, since it may be where somebody stands', async () => {
    makeTemplate({ 'files/src/a.txt': '' });
    mkdirSync(join(folder, 'here'));
    const before = statSync(join(folder, 'here')).ino;
    await make(join(folder, 'here'));
    expect(statSync(join(folder, 'here')).ino).toBe(before);
    expect(readdirSync(join(folder, 'here')).sort()).toEqual(['README.md', 'src']);
  });

  it('runs its steps in order, in the finished folder', async () => {
    makeTemplate({});
    const seen: string[] = [];
    const step = (name: string) => async (where: string) => {
      seen.push(`${name} ${readdirSync(where)}`);
      return name === 'git' ? [] : [`${name}.yml`];
    };
    const made = await make(join(folder, 'p'), { steps: [step('install'), step('git')] });
    expect(made.files).toEqual(['README.md', 'install.yml']);
    expect(seen).toEqual(['install README.md', 'git README.md']);
  });

  it.each([
    ['my app', undefined, "cd 'my app'"],
    ["it's", undefined, "cd 'it'\\''s'"],
    ['-x', undefined, 'cd ./-x'],
    ['p', 'somewhere', 'cd ../p'],
    ['deep/er/p', '.', 'cd deep/er/p'],
    ['p', 'p', 'cd .'],
  ])('says how to get to %j from %j in words that a shell takes', async (name, from, said) => {
    makeTemplate({});
    const made = await make(join(folder, name), {
      given: { name: 'my-app' },
      ...(from && { from: join(folder, from) }),
    });
    expect(made.next).toEqual([said]);
  });

  it('can be called as its folder where the template takes that name', async () => {
    const read = await readTemplate(makeTemplate({ 'files/Cargo.lock': '[[package]]\nname = "axum"\n' }));
    expect(nameFor(read, '/x/my-app')).toEqual({ name: 'my-app' });
    expect(nameFor(read, '/x/My App')).toEqual({});
  });
});

describe('ports', () => {
  it('are the defaults, but none that something listens on, and none twice', async () => {
    const busy = createServer().listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const { port } = busy.address() as AddressInfo;
    const declared = ['one', 'two', 'three'].map(
      (name) => `[parameters.${name}]\ntype = "port"\ntitle = "P"\ndefault = ${port}\n`,
    );
    const read = await readTemplate(makeTemplate({}, `${DESCRIPTION}\n${declared.join('')}`));
    const ports = await portsFor(read, { three: String(port + 1) });
    busy.close();
    expect(Object.keys(ports)).toEqual(['one', 'two']);
    const all = [port, port + 1, Number(ports.one), Number(ports.two)];
    expect(new Set(all).size).toBe(4);
    expect(Math.min(...all)).toBe(port);
  });
});

describe('nothing is left', () => {
  const failing = async (where: string) => {
    writeFileSync(join(where, 'half'), '');
    throw new Error('no network');
  };

  it('where a step fails: no folder, nor those above it that were made', async () => {
    makeTemplate({});
    await expect(make(join(folder, 'a/b/p'), { steps: [failing] })).rejects.toThrow('no network');
    expect(readdirSync(folder)).toEqual(['templates']);
  });

  it('where a step fails in an empty folder: the same folder, empty', async () => {
    makeTemplate({});
    mkdirSync(join(folder, 'here'));
    const before = statSync(join(folder, 'here')).ino;
    await expect(make(join(folder, 'here'), { steps: [failing] })).rejects.toThrow('no network');
    expect(readdirSync(join(folder, 'here'))).toEqual([]);
    expect(statSync(join(folder, 'here')).ino).toBe(before);
  });

  it('where it is interrupted', async () => {
    makeTemplate({});
    const stop = new AbortController();
    stop.abort(new Error('interrupted'));
    await expect(make(join(folder, 'a/p'), { signal: stop.signal })).rejects.toThrow('interrupted');
    mkdirSync(join(folder, 'here'));
    await expect(make(join(folder, 'here'), { signal: stop.signal })).rejects.toThrow('interrupted');
    expect(readdirSync(folder).sort()).toEqual(['here', 'templates']);
    expect(readdirSync(join(folder, 'here'))).toEqual([]);
  });

  it('where a value is refused', async () => {
    makeTemplate({});
    await expect(make(join(folder, 'a/p'), { given: { name: 'fn' } })).rejects.toEqual(code('usage'));
    expect(readdirSync(folder)).toEqual(['templates']);
  });
});

describe('refused', () => {
  it('is a folder that is not empty, which stays as it is', async () => {
    makeTemplate({});
    write(join(folder, 'p/.hidden'), 'mine');
    await expect(make(join(folder, 'p'))).rejects.toEqual(code('usage'));
    expect(readdirSync(join(folder, 'p'))).toEqual(['.hidden']);
  });

  it('is a file, and a link that leads nowhere', async () => {
    makeTemplate({});
    write(join(folder, 'file'), 'mine');
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
    await expect(make(join(folder, 'file'))).rejects.toEqual(code('usage'));
    await expect(make(join(folder, 'link'))).rejects.toEqual(code('usage'));
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('mine');
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
  });

  it('is the name of a dependency in the lock', async () => {
    makeTemplate({ 'files/Cargo.lock': '[[package]]\nname = "{{polyenv.name}}"\n[[package]]\nname = "bytes"\n' });
    await expect(make(join(folder, 'p'), { given: { name: 'bytes' } })).rejects.toThrow(/dependency in Cargo.lock/);
    expect(readdirSync(folder)).toEqual(['templates']);
  });

  it.each([
    ['a link to a file', (root: string) => symlinkSync('/etc/passwd', join(root, 'files/passwd'))],
    ['a link to a folder', (root: string) => symlinkSync('/etc', join(root, 'files/etc'))],
    [
      'files/ as a link',
      (root: string) => {
        discard(join(root, 'files'));
        symlinkSync('/etc', join(root, 'files'));
      },
    ],
    [
      'template.toml as a link',
      (root: string) => {
        write(join(root, 'other.toml'), DESCRIPTION);
        rmSync(join(root, 'template.toml'));
        symlinkSync(join(root, 'other.toml'), join(root, 'template.toml'));
      },
    ],
    ['git hooks', (root: string) => write(join(root, 'files/.git/hooks/pre-commit'), 'id')],
    ['git hooks by another case', (root: string) => write(join(root, 'files/sub/.GIT/config'), 'id')],
    ['a device of Windows', (root: string) => write(join(root, 'files/aux.txt'), '')],
    ['a control character', (root: string) => write(join(root, 'files/a\u001b[31m'), '')],
    ['a backslash', (root: string) => write(join(root, 'files/..\\x'), '')],
    [
      'more bytes than any project starts with',
      (root: string) => {
        write(join(root, 'files/big'), '');
        truncateSync(join(root, 'files/big'), 33 * 1024 * 1024);
      },
    ],
    [
      'more files than any project starts with',
      (root: string) => {
        for (let index = 0; index < 2001; index++) write(join(root, `files/${index}`), '');
      },
    ],
    [
      'a template.toml that is too large',
      (root: string) => {
        write(join(root, 'template.toml'), `${DESCRIPTION}# ${'x'.repeat(256 * 1024)}`);
      },
    ],
    ['no files', (root: string) => rmSync(join(root, 'files/README.md'))],
    ['a missing added folder', (root: string) => discard(join(root, 'with-extra'))],
  ])('is a template with %s', async (_, spoil) => {
    const root = makeTemplate({});
    spoil(root);
    await expect(readTemplate(root)).rejects.toEqual(code('template-invalid'));
  });

  it.each([
    ['.git', '{{polyenv.dot}}git/hooks/x'],
    ['a name that only the values make', 'con{{polyenv.dot}}x'],
    ['the parent', '{{polyenv.dot}}{{polyenv.dot}}/x'],
  ])('is a path that would be %s', async (_, path) => {
    makeTemplate({ [`files/${path}`]: '' });
    await expect(make(join(folder, 'p'))).rejects.toEqual(code('template-invalid'));
    expect(readdirSync(folder)).toEqual(['templates']);
  });

  it('is a template whose two additions change one file, unless it says what the file is with both', async () => {
    const description = `${DESCRIPTION}[parameters.more]\ntype = "boolean"\ntitle = "More"\ndefault = false\nadds = "with-more"\n`;
    const files = { 'with-extra/a': 'extra', 'with-more/a': 'more', 'with-more/b': 'b' };
    const both = { extra: 'true', more: 'true' };
    const make = (root: string, name: string, given: Readonly<Record<string, string>>) =>
      readTemplate(root).then((read) => newProject({ read, target: join(folder, name), given, steps: [] }));
    await expect(make(makeTemplate(files, description), 'one', both)).rejects.toThrow('two files of the template');
    const root = makeTemplate({ ...files, 'with-extra-with-more/a': 'both' }, description);
    expect((await make(root, 'two', both)).files).toEqual(['README.md', 'a', 'b']);
    expect(readFileSync(join(folder, 'two', 'a'), 'utf8')).toBe('both');
    await make(root, 'three', { more: 'true' });
    expect(readFileSync(join(folder, 'three', 'a'), 'utf8')).toBe('more');
  });

  it('is a template of which two files would be one', async () => {
    makeTemplate({ 'files/sample': '', 'files/{{polyenv.name}}': '' });
    await expect(make(join(folder, 'p'))).rejects.toThrow(/two files/);
    discard(join(folder, 'templates'));
    makeTemplate({ 'files/Readme.md': '' });
    await expect(make(join(folder, 'p'))).rejects.toThrow(/two files/);
  });
});

describe('templates', () => {
  it('are listed by name; a folder without template.toml is none', async () => {
    makeTemplate({});
    mkdirSync(join(folder, 'templates/other'));
    expect((await listTemplates(join(folder, 'templates'))).map(({ name }) => name)).toEqual(['sample']);
  });

  it('are found by name, or the nearest is named', async () => {
    makeTemplate({});
    expect((await findTemplate(join(folder, 'templates'), 'sample')).template.title).toBe('T');
    await expect(findTemplate(join(folder, 'templates'), 'smaple')).rejects.toMatchObject({
      code: 'usage',
      hint: 'did you mean sample?',
    });
    await expect(findTemplate(join(folder, 'templates'), '../templates/sample')).rejects.toEqual(code('usage'));
  });

  it('say where their TOML is wrong', async () => {
    const root = makeTemplate({}, 'title = "T"\ndescription = \n');
    await expect(readTemplate(root)).rejects.toMatchObject({
      code: 'template-invalid',
      where: { file: join(root, 'template.toml'), line: 2 },
    });
  });
});
