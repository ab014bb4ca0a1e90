import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runtime as gradle } from '../../runtimes/gradle';
import type { Context } from '../../src/app/base/context';
import { publishedFileFindings } from '../../src/app/checks/published-files';
import { fakeUpstream } from '../support/fake-upstream';

const JAR = 'gradle/wrapper/gradle-wrapper.jar';
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyenv-published-'));
  mkdirSync(join(folder, 'gradle/wrapper'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

function look(files: Readonly<Record<string, string>>) {
  const upstream = fakeUpstream({ files });
  const ctx = { network: async () => ({ upstream }) } as unknown as Context;
  return publishedFileFindings(ctx, folder, [gradle]);
}

const published = (content: string) => ({
  'https://services.gradle.org/versions/all': JSON.stringify([
    {
      version: '9.2.0',
      buildTime: '20251029135323+0000',
      broken: false,
      snapshot: false,
      nightly: false,
      wrapperChecksum: createHash('sha256').update(content).digest('hex'),
    },
  ]),
});

test("a wrapper of Gradle's own is no finding, and where there is none nothing is asked", async () => {
  expect(await look({})).toEqual([]);
  writeFileSync(join(folder, JAR), 'the jar');
  expect(await look(published('the jar'))).toEqual([]);
});

test('another one is told, with the command that writes it anew', async () => {
  writeFileSync(join(folder, JAR), 'a changed jar');
  expect(await look(published('the jar'))).toEqual([
    {
      kind: 'file-unpublished',
      level: 'error',
      message: expect.stringMatching(
        /^gradle\/wrapper\/gradle-wrapper\.jar is none that Gradle has published \(sha256 [0-9a-f]{64}\)$/,
      ),
      where: join(folder, JAR),
      hint: expect.stringContaining('gradle wrapper'),
    },
  ]);
});

test('without the list it says that nothing was compared', async () => {
  writeFileSync(join(folder, JAR), 'the jar');
  expect(await look({})).toMatchObject([{ kind: 'file-unchecked', level: 'note' }]);
});
