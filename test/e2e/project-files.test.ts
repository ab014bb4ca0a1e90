import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';

let machine: Machine;
let cwd: string;
beforeEach(() => {
  machine = newMachine();
  cwd = machine.folder('project');
});
afterEach(() => machine.remove());

const polyenv = (...args: readonly string[]) => machine.polyenv(args, { cwd });
const write = (name: string, text: string) => {
  mkdirSync(join(cwd, name, '..'), { recursive: true });
  writeFileSync(join(cwd, name), text);
};

describe('[env] file', () => {
  const MANIFEST = '[env]\nfile = ".env"\nOWN = "manifest"\n[tasks]\nsay = "echo $OWN $SECRET $PLACE"\n';

  it('sets variables once trusted; .env.local comes after it, and [env] itself last', async () => {
    write('polyenv.toml', MANIFEST);
    write('.env', 'OWN=file\nSECRET="a b" # why\nPLACE=shared\n');
    write('.env.local', 'PLACE=mine\n');
    expect(await polyenv('run', 'say')).toMatchObject({ exit: 8 });
    const shown = await polyenv('trust', '--show');
    expect(shown.stdout).toContain('reads ".env"');
    expect(shown.stdout + shown.stderr).not.toContain('a b');
    expect(await polyenv('trust', '--yes')).toMatchObject({ exit: 0 });
    expect((await polyenv('run', 'say')).stdout).toBe('manifest a b mine\n');
  });

  it('is trusted only as it was shown, where that is asked', async () => {
    write('polyenv.toml', MANIFEST);
    write('.env', 'OWN=file\n');
    const { stdout } = await polyenv('trust', '--show');
    const content = /^content ([0-9a-f]{32})$/m.exec(stdout)?.[1] ?? '';
    write('.env', 'OWN=other\n');
    const refused = await polyenv('trust', '--yes', '--content', content);
    expect(refused.exit).toBe(8);
    expect(refused.stderr).toContain('no longer what was shown');
    write('.env', 'OWN=file\n');
    expect((await polyenv('trust', '--yes', '--content', content)).exit).toBe(0);
  });

  it('ends the trust when a byte of a file changes, and when one appears', async () => {
    write('polyenv.toml', MANIFEST);
    write('.env', 'SECRET=a\n');
    await polyenv('trust', '--yes');
    expect((await polyenv('run', 'say')).stdout).toBe('manifest a\n');
    write('.env', 'SECRET=b\n');
    expect(await polyenv('run', 'say')).toMatchObject({ exit: 8 });
    await polyenv('trust', '--yes');
    write('.env.local', 'PLACE=new\n');
    expect(await polyenv('run', 'say')).toMatchObject({ exit: 8 });
  });

  it('says nothing where the file is not there', async () => {
    write('polyenv.toml', MANIFEST);
    await polyenv('trust', '--yes');
    expect((await polyenv('run', 'say')).stdout).toBe('manifest\n');
  });

  it.each([
    ['PATH=/evil', 'manifest-invalid'],
    ['LD_PRELOAD=/evil.so', 'manifest-invalid'],
  ])('cannot set %s, and the error does not show the value', async (line, code) => {
    write('polyenv.toml', MANIFEST);
    write('.env', `${line}\n`);
    const ran = await polyenv('trust', '--yes');
    expect([ran.exit, ran.stderr]).toEqual([3, expect.stringContaining(`error[${code}]`)]);
    expect(ran.stderr).toContain('.env');
    expect(ran.stderr).not.toContain('evil');
  });

  it('cannot lead out of the project, by its letters or by a link', async () => {
    write('polyenv.toml', MANIFEST.replace('".env"', '"../.env"'));
    expect(await polyenv('trust', '--yes')).toMatchObject({ exit: 3 });
    write('polyenv.toml', MANIFEST);
    writeFileSync(join(machine.base, 'outside'), 'SECRET=stolen\n');
    symlinkSync(join(machine.base, 'outside'), join(cwd, '.env'));
    const ran = await polyenv('trust', '--yes');
    expect(ran.stderr).toContain('error[path-refused]');
  });
});

describe('tasks', () => {
  it('have other names, with arguments of their own', async () => {
    write('polyenv.toml', '[tasks]\nshow = \'printf "%s." "$@"\'\n[aliases]\ns = ["show", "a b"]\nt = "show -- c"\n');
    await polyenv('trust', '--yes');
    expect((await polyenv('run', 's', '--', 'd')).stdout).toBe('a b.d.');
    expect((await polyenv('run', 't')).stdout).toBe('c.');
  });

  it.each([
    ['[tasks]\na = "true"\n[aliases]\na = "a"', /is a task already/],
    ['[tasks]\na = "true"\n[aliases]\nb = "c"', /no task here/],
    ['[tasks.a]\nrun = "true"\ninputs = ["../x"]', /no pattern of files/],
    ['[tasks.a]\nrun = "true"\noutputs = "/etc/*"', /no pattern of files/],
  ])('%j is refused', async (text, message) => {
    write('polyenv.toml', text);
    const ran = await polyenv('run', 'a');
    expect([ran.exit, ran.stderr]).toEqual([3, expect.stringMatching(message)]);
  });

  it('of a folder below are called by its name', async () => {
    write('services/api/polyenv.toml', '[tasks]\ntest = "pwd"\n"dev:web" = "echo web"\n');
    expect(await polyenv('run', 'services/api:test')).toMatchObject({ exit: 8 });
    await machine.prepare(['trust', '--yes'], { cwd: join(cwd, 'services/api') });
    expect((await polyenv('run', 'services/api:test')).stdout).toBe(`${join(cwd, 'services/api')}\n`);
    expect((await polyenv('run', 'services/api:dev:web')).stdout).toBe('web\n');
    expect(await polyenv('run', '../project:test')).not.toMatchObject({ exit: 0 });
  });

  it('need not run while what they read is unchanged and what they made is there', async () => {
    write('polyenv.toml', '[tasks.build]\nrun = "cat src/* > out; echo ran"\ninputs = ["src/**"]\noutputs = ["out"]\n');
    write('src/a', 'a');
    await polyenv('trust', '--yes');
    const build = async (...more: readonly string[]) => (await polyenv('run', ...more, 'build')).stdout;
    expect(await build()).toBe('ran\n');
    const again = await polyenv('run', 'build');
    expect([again.exit, again.stdout]).toEqual([0, '']);
    expect(again.stderr).toContain('build: nothing that it reads has changed');
    expect(await build('--force')).toBe('ran\n');
    write('src/b', 'b');
    expect(await build()).toBe('ran\n');
    rmSync(join(cwd, 'out'));
    expect(await build()).toBe('ran\n');
  });

  it('run again after a failure, although nothing changed', async () => {
    write('polyenv.toml', '[tasks.build]\nrun = "echo ran; exit 3"\ninputs = ["src/**"]\n');
    write('src/a', 'a');
    await polyenv('trust', '--yes');
    for (let time = 0; time < 2; time += 1)
      expect(await polyenv('run', 'build')).toMatchObject({ exit: 3, stdout: 'ran\n' });
  });
});

describe('watch', () => {
  it('restarts what runs after a change, leaves dependencies alone, and ends with Ctrl-C', {
    timeout: 30_000,
  }, async () => {
    write('inside/x', '');
    const manifest = '[tasks.serve]\nrun = "echo started >> ../log; exec sleep 60"\ndir = "inside"\ninputs = ["*"]\n';
    write('polyenv.toml', manifest);
    await polyenv('trust', '--yes');
    const child = spawn(process.execPath, [machine.program, 'watch', 'serve'], {
      cwd,
      env: machine.env,
      stdio: 'ignore',
    });
    const ended = new Promise((done) => child.once('exit', done));
    const starts = () => {
      try {
        return readFileSync(join(cwd, 'log'), 'utf8').split('\n').length - 1;
      } catch {
        return 0;
      }
    };
    const reach = async (count: number): Promise<number> => {
      for (let wait = 0; wait < 100 && starts() < count; wait += 1) await sleep(100);
      return starts();
    };
    expect(await reach(1)).toBe(1);
    await sleep(500);
    appendFileSync(join(cwd, 'inside/x'), 'changed');
    expect(await reach(2)).toBe(2);
    mkdirSync(join(cwd, 'node_modules'));
    write('node_modules/y', '');
    await sleep(700);
    expect(starts()).toBe(2);
    child.kill('SIGINT');
    await ended;
    expect(child.signalCode ?? child.exitCode).not.toBe(0);
  });
});
