import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { ownConfiguration, takeSettings } from '../support/own-configuration';
import { type Services, servicesOn } from '../support/services';

/** The kinds beside PostgreSQL as real servers, from this machine's registries; where those are not reached, skipped with what polyenv said. */
let machine: Machine;
let services: Services;
beforeAll(() => {
  machine = newMachine({ ...ownConfiguration(), POLYENV_VERIFY_SIGNATURES: 'off', POLYENV_NETWORK_RETRIES: '0' });
  takeSettings(machine);
  services = servicesOn(machine);
});
afterAll(() => {
  services?.stopAll();
  machine?.remove();
});

/** What a server says to what it is told, until it says what is waited for. */
function talk(port: number, words: string, until: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(words));
    socket.setTimeout(10_000, () => socket.destroy(new Error(`only ${JSON.stringify(heard)}`)));
    socket.on('error', reject).on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (!until.test(heard)) return;
      socket.destroy();
      resolve(heard);
    });
  });
}

/** A project with that one service running, or why it cannot be had here. */
async function started(name: string, manifest: string): Promise<string | { cwd: string; url: URL }> {
  const cwd = services.project(name, manifest);
  const installed = await services.polyenv(cwd, 'install');
  if (installed.exit !== 0) return installed.stderr;
  const up = await services.polyenv(cwd, 'up');
  expect(up, up.stderr).toMatchObject({ exit: 0 });
  return { cwd, url: new URL((await services.polyenv(cwd, 'url')).stdout.trim()) };
}

async function again(cwd: string): Promise<void> {
  for (const verb of ['down', 'up']) {
    const ran = await services.polyenv(cwd, verb);
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
  }
}

describe('real servers', () => {
  it('Valkey keeps what it was told, and lets nobody in without the password', { timeout: 300_000 }, async ({
    skip,
  }) => {
    const found = await started('cache', '[services]\ncache = "redis@9"\n');
    if (typeof found === 'string') return skip(found);
    const { cwd, url } = found;
    const [port, login] = [Number(url.port), `AUTH ${url.password}\r\n`];
    expect(await talk(port, 'GET a\r\n', /\r\n/)).toMatch(/^-NOAUTH/);
    expect(await talk(port, `${login}SET a kept\r\n`, /OK\r\n.*OK\r\n/s)).toContain('+OK');
    await again(cwd);
    expect(await talk(port, `${login}GET a\r\n`, /kept/)).toContain('kept');
  });

  it('NATS, built here from its module, carries a message', { timeout: 900_000 }, async ({ skip }) => {
    if (process.env.POLYENV_TEST_TOOLS !== 'build') return skip('it builds for a minute: POLYENV_TEST_TOOLS=build');
    const cwd = services.project('bus', '');
    const used = await services.polyenv(cwd, 'use', 'nats@2', '--source', 'goproxy');
    if (used.exit !== 0 && /network|offline|module proxy/.test(used.stderr)) return skip(used.stderr);
    expect(used, used.stderr).toMatchObject({ exit: 0 });
    expect(used.stdout + used.stderr).toContain('built here by go');
    const found = await started(
      'bus',
      `${readFileSync(join(cwd, 'polyenv.toml'), 'utf8')}\n[services]\nbus = "nats"\n`,
    );
    if (typeof found === 'string') return skip(found);
    const { cwd: folder, url } = found;
    const login = JSON.stringify({ user: url.username, pass: url.password, verbose: false });
    const words = `CONNECT ${login}\r\nSUB shop 1\r\nPUB shop 5\r\nhello\r\nPING\r\n`;
    expect(await talk(Number(url.port), words, /hello\r\n/)).toContain('MSG shop 1 5');
    const refused = `CONNECT ${JSON.stringify({ user: 'app', pass: 'x' })}\r\nPING\r\n`;
    expect(await talk(Number(url.port), refused, /-ERR/)).toContain('Authorization Violation');
    await again(folder);
    const verified = await services.polyenv(folder, 'verify');
    expect(verified, verified.stderr).toMatchObject({ exit: 0 });
  });
});
