import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { readMavenConfig } from '../../src/adapters/upstream/maven-config';
import { newPerson, type Person, settingsWith } from '../support/network-fixture';

const people: Person[] = [];
afterEach(() => {
  for (const person of people.splice(0)) person.remove();
});

function read(settingsXml: string | undefined, env: Record<string, string> = {}, changes = {}) {
  const person = newPerson(env);
  people.push(person);
  if (settingsXml !== undefined) person.write('.m2/settings.xml', settingsXml);
  return readMavenConfig({ host: person.host, home: person.home, settings: settingsWith(changes) });
}

const MIRROR = (mirrorOf: string, url = 'https://m.test/maven') =>
  `<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0">
     <!-- <mirrors><mirror><mirrorOf>*</mirrorOf><url>https://commented.test</url></mirror></mirrors> -->
     <mirrors><mirror><id>team</id><mirrorOf>${mirrorOf}</mirrorOf><url>${url}</url></mirror></mirrors>
     <servers><server><id>team</id><username>me</username><password>\${env.MAVEN_PASSWORD}</password></server></servers>
   </settings>`;

/** The least zip: local headers, a directory, its end. Checksums are left at zero. */
function jarOf(members: Readonly<Record<string, string>>, stored: boolean): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(members)) {
    const body = stored ? Buffer.from(text) : deflateRawSync(text);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(stored ? 0 : 8, 10);
    entry.writeUInt32LE(body.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    bodies.push(local, Buffer.from(name), body);
    directory.push(entry, Buffer.from(name));
    offset += 30 + name.length + body.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(members).length, 10);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, ...directory, end]);
}

describe("Maven's configuration", () => {
  test.each(['central', '*', 'external:*', '*,!internal', 'a, central'])(
    'a mirror of %s is the repository',
    async (of) => {
      const config = await read(MIRROR(of), { MAVEN_PASSWORD: 'pw' });
      expect(config.repository?.href).toBe('https://m.test/maven/');
      expect(config.headers).toEqual({ authorization: `Basic ${Buffer.from('me:pw').toString('base64')}` });
    },
  );

  test.each(['*,!central', 'internal', ''])('a mirror of %j is not', async (of) => {
    expect((await read(MIRROR(of))).repository).toBeUndefined();
  });

  test('the setting wins over the variables, and those over settings.xml', async () => {
    const env = { MVNW_REPOURL: 'https://me:pw@env.test/maven2' };
    const byVariable = await read(MIRROR('*'), env);
    expect(byVariable.repository?.href).toBe('https://env.test/maven2/');
    expect(byVariable.headers).toEqual({ authorization: `Basic ${Buffer.from('me:pw').toString('base64')}` });
    const bySetting = await read(MIRROR('*'), env, { mavenRepository: 'https://own.test/m' });
    expect(bySetting.repository?.href).toBe('https://own.test/m/');
    expect(bySetting.headers).toEqual({});
  });

  test('a repository called central in a profile counts, entities are read', async () => {
    const xml = `<settings><profiles><profile><repositories><repository><id>central</id>
      <url>https://p.test/a?b</url></repository></repositories></profile></profiles></settings>`;
    await expect(read(xml)).rejects.toMatchObject({ code: 'settings-invalid' });
    const config = await read(xml.replace('a?b', 'a&amp;b'));
    expect(config.repository?.href).toBe('https://p.test/a&b/');
  });

  test('an encrypted password is not sent', async () => {
    const config = await read(MIRROR('*'), { MAVEN_PASSWORD: '{COQLCE6DU6GtcS5P=}' });
    expect(config.headers).toEqual({});
  });

  test('without any it is what the installed Maven uses by itself', async () => {
    const person = newPerson();
    people.push(person);
    const pom =
      '<project><repositories><repository><id>central</id><url>https://c.test/m</url></repository></repositories></project>';
    const file = person.write('maven/lib/maven-model-builder-3.9.9.jar', '');
    person.write('maven/lib/maven-model-3.9.9.jar', 'no jar');
    for (const stored of [false, true]) {
      writeFileSync(file, jarOf({ 'META-INF/x': 'y', 'org/apache/maven/model/pom-4.0.0.xml': pom }, stored));
      const host = { ...person.host, env: { ...person.host.env, MAVEN_HOME: join(person.folder, 'maven') } };
      const config = await readMavenConfig({ host, home: person.home, settings: settingsWith() });
      expect(config.repository?.href).toBe('https://c.test/m/');
    }
    for (const damaged of [Buffer.alloc(0), Buffer.from('no jar'), readFileSync(file).subarray(60)]) {
      writeFileSync(file, damaged);
      const host = { ...person.host, env: { ...person.host.env, MAVEN_HOME: join(person.folder, 'maven') } };
      const config = await readMavenConfig({ host, home: person.home, settings: settingsWith() });
      expect(config.repository).toBeUndefined();
    }
  });

  test('without any at all the reason and the fix are told', async () => {
    const { repository, missing } = await read(undefined);
    expect(repository).toBeUndefined();
    expect(missing).toMatchObject({ code: 'network', elsewhere: true });
    expect(missing?.hint).toContain('registry.maven');
  });
});
