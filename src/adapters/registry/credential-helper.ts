import { spawn } from 'node:child_process';
import { PolyenvError } from '../../domain/words/errors';
import { quoted } from '../../domain/words/printable';
import type { Host } from '../../host';
import type { Login } from './login';

/**
 * Asks `docker-credential-NAME get` for the login of a host: https://github.com/docker/docker-credential-helpers#usage
 * `undefined` where it has none. Throws `child-failed` where it cannot be asked; what it printed is never shown.
 */
export async function askCredentialHelper(host: Host, name: string, server: string): Promise<Login | undefined> {
  // guard: helper-name
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) throw failed(`${quoted(name)} is no credential helper`);
  const { exit, stdout } = await ask(host, `docker-credential-${name}`, server);
  if (exit === 127) throw failed(`docker-credential-${name} is not on PATH, so nobody is logged in at ${server}`);
  if (exit === 124) throw failed(`docker-credential-${name} did not answer within ${PATIENCE / 1000} s`);
  // It says in words that there is nothing, and ends with a failure.
  if (exit !== 0) return undefined;
  return readAnswer(stdout) ?? giveUp(name);
}

/** A helper may wait for a person who unlocks a key ring. */
const PATIENCE = 60_000;
const LONGEST = 2 ** 20;

interface Answered {
  readonly exit: number;
  readonly stdout: string;
}

function ask(host: Host, program: string, server: string): Promise<Answered> {
  return new Promise((answer) => {
    const env = Object.fromEntries(Object.entries(host.env).filter(([, value]) => value !== undefined));
    const child = spawn(program, ['get'], {
      env: env as Record<string, string>,
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      answer({ exit: 124, stdout: '' });
    }, PATIENCE);
    let stdout = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      if (stdout.length < LONGEST) stdout += text;
    });
    child.on('error', () => {
      clearTimeout(timer);
      answer({ exit: 127, stdout: '' });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      answer({ exit: code ?? 128, stdout });
    });
    // One that ends without reading is judged by its status.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${server}\n`);
  });
}

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
