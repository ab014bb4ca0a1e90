import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { ownConfiguration, takeSettings } from '../support/own-configuration';
import { type Services, servicesOn } from '../support/services';

/** The example of the documentation, by the commands that it shows: real Python, Django and PostgreSQL, or skipped with what polyenv said. */
const EXAMPLE = resolve(import.meta.dirname ?? __dirname, '../../docs/examples/django-postgres');

let machine: Machine;
let services: Services;

beforeAll(() => {
  // pip compiles whatever it installs, and few of Django's files are run here.
  const quick = { PIP_NO_COMPILE: '1', POLYENV_VERIFY_SIGNATURES: 'off', POLYENV_NETWORK_RETRIES: '0' };
  machine = newMachine({ ...ownConfiguration(), ...quick });
  takeSettings(machine);
  services = servicesOn(machine);
});

afterAll(() => {
  services?.stopAll();
  machine?.remove();
});

it('two copies of it have two databases, and its tests pass in both', async (ctx) => {
  const copies = ['one', 'two'].map((name) => {
    const folder = join(machine.base, name);
    cpSync(EXAMPLE, folder, { recursive: true });
    return folder;
  });
  const [one = '', two = ''] = copies;
  for (const cwd of copies) {
    expect(await services.polyenv(cwd, 'trust', '-y')).toMatchObject({ exit: 0 });
    const installed = await services.polyenv(cwd, 'install');
    ctx.skip(installed.exit !== 0, installed.stderr);
    const up = await services.polyenv(cwd, 'up');
    expect(up, up.stderr).toMatchObject({ exit: 0 });
    const ran = await services.polyenv(cwd, 'run', 'test');
    ctx.skip(/No matching distribution|Could not find a version|NewConnectionError/.test(ran.stderr), ran.stderr);
    expect(ran, ran.stdout + ran.stderr).toMatchObject({ exit: 0 });
    expect(ran.stderr).toContain('Ran 1 test');
    expect(await services.polyenv(cwd, 'run', 'migrate')).toMatchObject({ exit: 0 });
  }
  const say = (cwd: string, code: string) =>
    services.polyenv(cwd, 'exec', '--', 'python', 'manage.py', 'shell', '-c', code);
  await say(one, "from shop.models import Order; Order.objects.create(customer='A', amount=1)");
  const count = 'from shop.models import Order; print(Order.objects.count())';
  expect((await say(one, count)).stdout.trim().split('\n').at(-1)).toBe('1');
  expect((await say(two, count)).stdout.trim().split('\n').at(-1)).toBe('0');
}, 600_000);
