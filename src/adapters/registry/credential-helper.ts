import { PolyenvError } from '../../domain/words/errors';
import { quoted } from '../../domain/words/printable';
import type { Host } from '../../host';
import { capture } from '../children/capture';
import type { Login } from './login';

/**
 * Asks `docker-credential-NAME get` for the login of a host: https://github.com/docker/docker-credential-helpers#usage
 * `undefined` where it has none. Throws `child-failed` where it cannot be asked; what it printed is never shown.
 */
export async function askCredentialHelper(host: Host, name: string, server: string): Promise<Login | undefined> {
  // guard: helper-name
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) throw failed(`${quoted(name)} is no credential helper`);
  const program = { file: `docker-credential-${name}`, args: ['get'], env: host.env, cwd: '/' };
  const { exit, stdout } = await capture(program, PATIENCE, { input: `${server}\n` });
  if (exit === 127) throw failed(`docker-credential-${name} is not on PATH, so nobody is logged in at ${server}`);
  if (exit === 124) throw failed(`docker-credential-${name} did not answer within ${PATIENCE / 1000} s`);
  // A helper that has no login says so in words, and ends with a failure.
  if (exit !== 0) return undefined;
  return readAnswer(stdout) ?? giveUp(name);
}

/** A helper may wait for a person who unlocks a key ring. */
const PATIENCE = 60_000;

function readAnswer(text: string): Login | undefined {
  try {
    const { Username: user, Secret: secret } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof user !== 'string' || typeof secret !== 'string' || secret === '') return undefined;
    return user === '<token>' ? { kind: 'identity', token: secret } : { kind: 'password', user, password: secret };
  } catch {
    return undefined;
  }
}

function giveUp(name: string): never {
  throw failed(`docker-credential-${name} answered something that cannot be read`);
}

function failed(message: string): PolyenvError {
  return new PolyenvError('child-failed', message);
}
