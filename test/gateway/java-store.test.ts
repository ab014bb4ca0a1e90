import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { newMachine } from '../support/cli';

const found = spawnSync('sh', ['-c', 'command -v keytool'], { encoding: 'utf8' }).stdout.trim();
const machine = newMachine({});
afterAll(() => machine.remove());

/** A JDK as a store keeps it: nothing in it may be written. */
function readOnlyJdk(): string {
  const keytool = realpathSync(found);
  const jdk = machine.folder('jdk');
  for (const folder of ['bin', 'lib/security']) mkdirSync(join(jdk, folder), { recursive: true });
  writeFileSync(join(jdk, 'bin/keytool'), `#!/bin/sh\nexec ${keytool} "$@"\n`, { mode: 0o555 });
  const list = join(jdk, 'lib/security/cacerts');
  copyFileSync(join(dirname(dirname(keytool)), 'lib/security/cacerts'), list);
  chmodSync(list, 0o444);
  return join(jdk, 'bin');
}

it.skipIf(found === '')(
  'tls ca --java copies the list of a read-only JDK, again too (skipped where there is no keytool)',
  async () => {
    const env = { PATH: `${readOnlyJdk()}:${process.env.PATH}` };
    for (const time of ['once', 'again']) {
      const ran = await machine.polyenv(['tls', 'ca', '--java', '--json'], { env });
      expect(ran, `${time}: ${ran.stderr}`).toMatchObject({ exit: 0 });
    }
    const list = spawnSync(
      found,
      ['-list', '-storepass', 'changeit', '-keystore', join(machine.polyenvHome, 'gateway/cacerts')],
      { encoding: 'utf8' },
    ).stdout;
    expect(list).toMatch(/polyenv/i);
  },
  60_000,
);
