import { chmodSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { readPipConfig } from '../../src/adapters/upstream/pip-config';
import { zip } from '../support/archives';
import { newPerson, type Person, settingsWith } from '../support/network-fixture';

const people: Person[] = [];
afterEach(() => {
  for (const person of people.splice(0)) person.remove();
});

function person(env: Record<string, string> = {}): Person {
  const made = newPerson(env);
  people.push(made);
  return made;
}

async function read({ host, home }: Person, changes = {}) {
  return readPipConfig({ host, home, settings: settingsWith(changes) });
}

async function indexOf(who: Person, changes = {}) {
  return (await read(who, changes)).index?.href;
}

describe("pip's configuration", () => {
  test('the setting wins over PIP_INDEX_URL, that over the files', async () => {
    const me = person({ PIP_INDEX_URL: 'https://env.test/simple' });
    me.write('.config/pip/pip.conf', '[global]\nindex-url = https://file.test/simple\n');
    expect(await indexOf(me, { pypiIndex: 'https://own.test' })).toBe('https://own.test/');
    expect(await indexOf(me)).toBe('https://env.test/simple/');
  });

  test('a more particular section and a nearer file win, in the spellings that pip reads', async () => {
    const me = person();
    me.write('.pip/pip.conf', '[global]\nindex-url = https://old.test/simple\n');
    expect(await indexOf(me)).toBe('https://old.test/simple/');
    me.write('.config/pip/pip.conf', '# mine\n[global]\nindex_url: https://file.test/simple\n');
    expect(await indexOf(me)).toBe('https://file.test/simple/');
    me.write(
      '.config/pip/pip.conf',
      '[install]\nindex-url=https://in.test/s\n; x\n[global]\nindex-url = https://file.test\n[list]\nindex-url=https://no.test\n',
    );
    expect(await indexOf(me)).toBe('https://in.test/s/');
    const named = me.write('named.conf', '[global]\nindex-url = https://me:pw@named.test/simple\ncert = ~/ca.pem\n');
    const { host, home } = me;
    const other = { ...me, host: { ...host, env: { ...host.env, PIP_CONFIG_FILE: named } }, home };
    expect(await indexOf(other)).toBe('https://me:pw@named.test/simple/');
    expect((await read(other)).cafile).toBe(join(me.folder, 'ca.pem'));
  });

  test("an environment's own file, further indexes and folders of wheels are not asked", async () => {
    const me = person({ PIP_EXTRA_INDEX_URL: 'https://evil.test', PIP_FIND_LINKS: 'https://evil.test' });
    me.write('venv/pip.conf', '[global]\nindex-url = https://evil.test/simple\n');
    const { host, home } = me;
    const env = { ...host.env, VIRTUAL_ENV: join(me.folder, 'venv'), PIP_CONFIG_FILE: '/dev/null' };
    expect((await indexOf({ ...me, host: { ...host, env }, home })) ?? '').not.toContain('evil');
  });

  test('PIP_NO_INDEX switches it off, and says so', async () => {
    const { index, missing } = await read(person({ PIP_NO_INDEX: '1', PIP_INDEX_URL: 'https://env.test' }));
    expect(index).toBeUndefined();
    expect(missing).toMatchObject({ code: 'network', elsewhere: true });
    expect(missing?.hint).toContain('registry.pypi');
  });

  test("what is no URL is the person's mistake", async () => {
    await expect(read(person({ PIP_INDEX_URL: 'simple' }))).rejects.toMatchObject({ code: 'settings-invalid' });
    await expect(read(person(), { pypiIndex: 'ftp://x.test' })).rejects.toMatchObject({ code: 'settings-invalid' });
  });

  test('else the index that a pip of this machine names, or one that a Python would install', async () => {
    const me = person();
    const said = (base: string) =>
      `class PackageIndex: ...\n\nPyPI = PackageIndex("${base}", file_storage_domain="x")\n`;
    chmodSync(me.write('py/bin/python3', ''), 0o755);
    me.write('bin/.keep', '');
    symlinkSync('../py/bin/python3', join(me.folder, 'bin/python3'));
    const host = { ...me.host, env: { ...me.host.env, PATH: join(me.folder, 'bin'), PIP_CONFIG_FILE: '/dev/null' } };
    const wheel = zip([{ name: 'pip/_internal/models/index.py', content: said('https://bundled.test/') }]);
    me.write('py/lib/python3.12/ensurepip/_bundled/pip-24.0-py3-none-any.whl', wheel as unknown as string);
    expect(await indexOf({ ...me, host })).toBe('https://bundled.test/simple/');
    me.write('py/lib/python3.12/site-packages/pip/_internal/models/index.py', said('https://pip.test/'));
    expect(await indexOf({ ...me, host })).toBe('https://pip.test/simple/');
  });
});
