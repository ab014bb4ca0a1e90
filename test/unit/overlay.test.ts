import { describe, expect, it } from 'vitest';
import { judgeOverlay, type OverlayFacts } from '../../src/domain/routes/venv-choice';

const WANTED = {
  version: '3.13.0',
  interpreters: ['/home/store/python-3.13.0/bin/python3.13'],
  store: '/home/store',
  project: '/work/project',
  locked: false,
};
const folder = (facts: Partial<Extract<OverlayFacts, { kind: 'folder' }>>): OverlayFacts => ({
  kind: 'folder',
  version: '3.13.0',
  interpreter: '/home/store/python-3.13.0/bin/python3.13',
  ...facts,
});

describe('a .venv', () => {
  it.each([
    ['there is none', { kind: 'absent' } as const, 'absent'],
    ['of the decided interpreter', folder({}), 'ready'],
    ['that is a link', { kind: 'link' } as const, 'refused'],
    ['that is a file', { kind: 'other' } as const, 'refused'],
    ['without an interpreter', { kind: 'folder' } as const, 'refused'],
    ['of another version in the store', folder({ interpreter: '/home/store/python-3.12.1/bin/python3.12' }), 'refused'],
    ['of an interpreter in the project', folder({ interpreter: '/work/project/.venv/bin/python' }), 'refused'],
    ['that was written for another folder', folder({ writtenFor: '/work/old/.venv' }), 'refused'],
    ['of a Python of this machine', folder({ interpreter: '/usr/bin/python3.13' }), 'ask'],
  ])('%s', (_, facts, state) => {
    expect(judgeOverlay(facts, WANTED).state).toBe(state);
  });

  it('of the same version is told by its interpreter', () => {
    const verdict = judgeOverlay(folder({ interpreter: '/home/store/python-3.13.0-other/bin/python3.13' }), WANTED);
    expect(verdict).toMatchObject({ why: expect.stringContaining('another 3.13.0 (/home/store/python-3.13.0-other') });
  });

  it('of a Python of this machine is refused where the lock names a toolchain', () => {
    expect(judgeOverlay(folder({ interpreter: '/usr/bin/python3.13' }), { ...WANTED, locked: true }).state).toBe(
      'refused',
    );
  });
});
