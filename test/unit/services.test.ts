import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeOf } from '../../src/adapters/home/paths';
import { emptySocketFolder, readState, serviceFolder, socketFolder } from '../../src/adapters/services/folders';
import { identifyProcess, lifeOf } from '../../src/adapters/services/processes';
import { askReady } from '../../src/adapters/services/readiness';
import { decodeReply, encodeCommand, showReply, splitWords } from '../../src/adapters/services/resp';
import type { Service, ServicePlace } from '../../src/domain/runtime/service';
import { serviceUrl } from '../../src/domain/runtime/service-url';
import { candidatePorts, PORTS } from '../../src/domain/services/ports';
import { decodeState, encodeState, type ServiceState } from '../../src/domain/services/state';
import { serviceVariables } from '../../src/domain/services/variables';
import { present } from '../../src/domain/words/present';
import { newPerson, type Person } from '../support/network-fixture';

let person: Person;
let folder: string;
beforeEach(() => {
  person = newPerson();
  folder = mkdtempSync(join(tmpdir(), 'polyenv-services-'));
});
afterEach(() => {
  person.remove();
  rmSync(folder, { recursive: true, force: true });
});

const STATE: ServiceState = {
  project: { path: '/p', device: '1', inode: '2' },
  kind: 'postgres',
  version: '17.2',
  toolchain: '/store/x',
  platform: 'linux-x64',
  line: '17',
  ports: { main: 20000 },
  user: 'postgres',
  password: 'secret',
  databases: ['app'],
  extensions: [],
  runAs: { how: 'self', uid: 0, gid: 0 },
};

describe('the process of a server', () => {
  it('is known by when it started and in which boot, not by its number', async () => {
    const self = await identifyProcess(person.host, process.pid);
    expect(self).toBeDefined();
    if (self === undefined) return;
    expect(await lifeOf(person.host, self)).toBe('alive');
    // Its number belongs to somebody else now.
    expect(await lifeOf(person.host, { ...self, started: '1' })).toBe('dead');
    expect(await lifeOf(person.host, { ...self, boot: 'an earlier one' })).toBe('dead');
    expect(await lifeOf(person.host, { ...self, boot: 'another', host: 'elsewhere' })).toBe('elsewhere');
    expect(await lifeOf(person.host, { ...self, namespace: 'pid:[1]' })).toBe('elsewhere');
  });

  it('is none where the state holds a number that stands for many', () => {
    const server = { pid: 1, started: '1', boot: 'b', namespace: 'n', host: 'h', since: 's' };
    for (const pid of [0, 1]) {
      expect(decodeState(JSON.parse(encodeState({ ...STATE, server: { ...server, pid } }))).server).toBeUndefined();
    }
    expect(decodeState(JSON.parse(encodeState({ ...STATE, server: { ...server, pid: 77 } }))).server?.pid).toBe(77);
    expect(() => decodeState(JSON.parse(encodeState({ ...STATE, server: { ...server, pid: -5 } })))).toThrow();
  });
});

describe('the state of a service', () => {
  it('that is not there is none, and one that cannot be read is an error', async () => {
    const at = { state: join(folder, 'state.json') };
    expect(await readState(at)).toBeUndefined();
    writeFileSync(at.state, encodeState(STATE));
    expect(await readState(at)).toEqual(STATE);
    for (const text of ['', '{', '{"format":2}', encodeState(STATE).replace('"format": 1', '"format": 2')]) {
      writeFileSync(at.state, text);
      await expect(readState(at)).rejects.toMatchObject({ code: 'state-invalid' });
    }
    rmSync(at.state);
    // A loop of links is unreadable for everybody, root included: it is not absent.
    symlinkSync(at.state, at.state);
    await expect(readState(at)).rejects.toMatchObject({ code: 'state-invalid' });
  });
});

describe('readiness', () => {
  const rule: Service['ready'] = { by: 'file', path: 'x.pid', pidLine: 1, line: 2, equals: 'ready', seconds: 1 };
  const at = (): ServicePlace => ({ data: folder }) as ServicePlace;

  it('from a file is that of the process that was started, and not older than it', async () => {
    const started = { pid: 4711, at: Date.now() };
    expect(await askReady(rule, at(), started)).toBe('waiting');
    writeFileSync(join(folder, 'x.pid'), '4711\nstarting\n');
    expect(await askReady(rule, at(), started)).toBe('waiting');
    writeFileSync(join(folder, 'x.pid'), '4711\nready   \n');
    expect(await askReady(rule, at(), started)).toBe('ready');
    writeFileSync(join(folder, 'x.pid'), '4712\nready\n');
    expect(await askReady(rule, at(), started)).toBe('waiting');
    writeFileSync(join(folder, 'x.pid'), '4711\nready\n');
    utimesSync(join(folder, 'x.pid'), 1000, 1000);
    expect(await askReady(rule, at(), started)).toBe('waiting');
  });
});

describe('the folder for sockets', () => {
  it('is private and empty, and what somebody else put in its place is refused and left alone', async () => {
    const host = { ...person.host, env: { XDG_RUNTIME_DIR: folder } };
    const service = serviceFolder(homeOf(host), '/p', 'db');
    const path = await emptySocketFolder(host, service);
    expect(path.startsWith(`${folder}/polyenv/`)).toBe(true);
    writeFileSync(join(path, 'old.lock'), 'x');
    expect(await emptySocketFolder(host, service)).toBe(path);
    expect(() => readFileSync(join(path, 'old.lock'))).toThrow();

    rmSync(path, { recursive: true });
    mkdirSync(path);
    chmodSync(path, 0o777);
    writeFileSync(join(path, 'theirs'), 'x');
    await expect(emptySocketFolder(host, service)).rejects.toMatchObject({ code: 'data-refused' });
    expect(readFileSync(join(path, 'theirs'), 'utf8')).toBe('x');
    rmSync(path, { recursive: true });
    symlinkSync(tmpdir(), path);
    await expect(emptySocketFolder(host, service)).rejects.toMatchObject({ code: 'data-refused' });
  });
});

it('the path of sockets is short enough for every system, and needs no folder of the session', () => {
  for (const XDG_RUNTIME_DIR of [undefined, '', 'relative', `/${'long/'.repeat(30)}`, '/run/user/1000']) {
    const host = { ...person.host, env: { ...present({ XDG_RUNTIME_DIR }) } };
    const service = serviceFolder(homeOf(host), `/${'deep/'.repeat(60)}p`, 'a'.repeat(30));
    const path = socketFolder(host, service);
    // PostgreSQL's own name in it is the longest; macOS takes 103 bytes.
    expect(`${path}/.s.PGSQL.29999.lock`.length).toBeLessThan(104);
    expect(path.startsWith(XDG_RUNTIME_DIR === '/run/user/1000' ? '/run/user/1000/polyenv/' : '/tmp/polyenv-')).toBe(
      true,
    );
  }
});

describe('ports', () => {
  it('are tried in the same order for the same service, each once', () => {
    const [a, b] = [[...candidatePorts('/p/db main')], [...candidatePorts('/p/db main')]];
    expect(a).toEqual(b);
    expect(new Set(a).size).toBe(PORTS.to - PORTS.from + 1);
    expect(Math.min(...a)).toBe(PORTS.from);
    expect(Math.max(...a)).toBe(PORTS.to);
    expect(candidatePorts('/p/cache main').next().value).not.toBe(a[0]);
  });
});

describe('variables', () => {
  it('are plain for the first of a kind, prefixed for the others, and never said twice', () => {
    const variables = { URL: 'a' };
    expect(
      serviceVariables([
        { name: 'db', kind: 'postgres', variables },
        { name: 'cache', kind: 'valkey', variables: { REDIS: 'r' } },
        { name: 'old-db', kind: 'postgres', variables: { URL: 'b' } },
        { name: 'third', kind: 'postgres', prefix: 'REPORTS', variables: { URL: 'c' } },
      ]),
    ).toEqual({ URL: 'a', REDIS: 'r', OLD_DB_URL: 'b', REPORTS_URL: 'c' });
    expect(
      serviceVariables([
        { name: 'a', kind: 'postgres', prefix: 'X', variables },
        { name: 'b', kind: 'postgres', variables: { URL: 'plain' } },
        { name: 'x', kind: 'valkey', prefix: 'X', variables: { URL: 'late' } },
      ]),
    ).toEqual({ X_URL: 'a', URL: 'plain' });
  });

  it('hold URLs that every reader gives back whole', () => {
    const odd = 'a b-\u00fc/?#[]@!$&\'()*+,;=%"<>^`{|}~\\';
    const url = new URL(
      serviceUrl('postgres', { host: '127.0.0.1', ports: { main: 5432 }, user: odd, password: odd }, { path: odd }),
    );
    expect(decodeURIComponent(url.username)).toBe(odd);
    expect(decodeURIComponent(url.password)).toBe(odd);
    expect(decodeURIComponent(url.pathname.slice(1))).toBe(odd);
    expect(url.port).toBe('5432');
  });
});

describe('the client for RESP', () => {
  it('splits words as a person means them', () => {
    expect(splitWords('  SET  a "b \\" c\\n" \'d "e\'  f')).toEqual(['SET', 'a', 'b " c\n', 'd "e', 'f']);
    expect(encodeCommand(['GET', '\u00fc']).toString()).toBe('*2\r\n$3\r\nGET\r\n$2\r\n\u00fc\r\n');
  });

  it('waits for whole replies, and shows nested ones', () => {
    const whole = Buffer.from('*3\r\n:1\r\n$-1\r\n*1\r\n$2\r\nab\r\n');
    for (let end = 0; end < whole.length; end += 1) expect(decodeReply(whole.subarray(0, end))).toBeUndefined();
    const found = decodeReply(whole);
    expect(found?.end).toBe(whole.length);
    expect(found && showReply(found.reply)).toBe('1) (integer) 1\n2) (nil)\n3) 1) "ab"');
  });
});
