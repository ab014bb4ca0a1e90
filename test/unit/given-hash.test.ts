import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runtime as yarn } from '../../runtimes/yarn';
import { checkGivenHash } from '../../src/app/toolchains/given-hash';
import type { Version } from '../../src/domain/versions/version';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'polyenv-hash-'));
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'bin/yarn.js'), 'the script');
});
afterEach(() => rmSync(root, { recursive: true }));

const check = (version: string, checksum?: string) => () =>
  checkGivenHash(
    { runtime: yarn, version: version as Version, options: checksum === undefined ? {} : { checksum: [checksum] } },
    root,
  );

test.each(['sha224', 'sha512'])("the %s of Yarn's one script is held against packageManager's", (kind) => {
  const right = createHash(kind).update('the script').digest('hex');
  expect(check('4.1.0', `${kind}:${right}`)).not.toThrow();
  expect(check('4.1.0', `${kind}:${right.replace(/^./, (first) => (first === '0' ? '1' : '0'))}`)).toThrow(
    /bin\/yarn\.js of yarn 4\.1\.0 has another sha/,
  );
});

test('of Yarn 1 it is that of the archive, and without one nothing is compared', () => {
  expect(check('1.22.22', `sha224:${'0'.repeat(56)}`)).not.toThrow();
  expect(check('4.1.0')).not.toThrow();
});
