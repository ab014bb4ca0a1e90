import { describe, expect, it } from 'vitest';
import { ownOptions } from '../../src/verb';

/** Of a command line, the words from which polyenv reads options of its own. */
const own = (line: string): string => ownOptions(line.split(' ')).join(' ');

describe("polyenv's own options end", () => {
  it('at --, whatever the verb', () => {
    expect(own('use node@20 -v -- -q')).toBe('use node@20 -v');
    expect(own('exec -- node -v')).toBe('exec');
    expect(own('exec node@22 -- node -v')).toBe('exec node@22');
    expect(own('run -- -v')).toBe('run');
  });

  it('at the command of exec, at the task of run, at the first word for the shell', () => {
    expect(own('exec node -v')).toBe('exec');
    expect(own('x -v node@22 --pure node -v -C /')).toBe('x -v node@22 --pure');
    expect(own('exec -m dir -C other node -v')).toBe('exec -m dir -C other');
    expect(own('run test -v --json')).toBe('run test');
    expect(own('run -C dir test -q')).toBe('run -C dir test');
    expect(own('shell node@22 bash -v')).toBe('shell node@22');
  });

  it("before a shim's arguments", () => {
    expect(own('shim node node /dir -v --json')).toBe('shim node node /dir');
    expect(own('-q shim node npm /dir')).toBe('-q shim node npm /dir');
  });

  it('nowhere in the words of other verbs', () => {
    expect(own('-C dir install -v --frozen')).toBe('-C dir install -v --frozen');
    expect(own('-v')).toBe('-v');
  });
});
