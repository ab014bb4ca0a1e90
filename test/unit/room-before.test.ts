import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { refuseFull, refuseUnwritable } from '../../src/adapters/files/room';
import { newPerson, type Person } from '../support/network-fixture';

let person: Person;
beforeEach(() => {
  person = newPerson();
});
afterEach(() => person.remove());

it('takes a folder that is not there yet for the nearest one above it', () => {
  expect(() => refuseUnwritable(join(person.folder, 'a/b/c'))).not.toThrow();
});

it('refuses a folder in which nothing can be made', ({ skip }) => {
  if (process.getuid?.() === 0) skip('root may write everywhere');
  const folder = join(person.folder, 'closed');
  mkdirSync(folder);
  chmodSync(folder, 0o555);
  expect(() => refuseUnwritable(join(folder, 'a'))).toThrow(/you may not write/);
  chmodSync(folder, 0o755);
});

it('refuses what will not fit, and says how much is free', () => {
  expect(() => refuseFull(join(person.folder, 'store'), Number.MAX_SAFE_INTEGER, 'node 20')).toThrow(
    /^node 20 needs \d+ MB, and \d+ MB are free$/,
  );
  expect(() => refuseFull(person.folder, 1, 'node 20')).not.toThrow();
});
