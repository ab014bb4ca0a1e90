import { expect, it } from 'vitest';
import { editDistance, nearestName } from '../../src/domain/words/nearest';

const NAMES = ['node', 'python', 'rust', 'go', 'java', 'install', 'uninstall'];

it.each([
  ['ndoe', 'node'],
  ['Node', 'node'],
  ['pyhton', 'python'],
  ['jva', 'java'],
  ['instal', 'install'],
  ['g', 'go'],
])('%s means %s', (typed, name) => expect(nearestName(typed, NAMES)).toBe(name));

it.each(['', 'perl', 'xyz', 'a'.repeat(100_000)])('%.10s means nothing that is known', (typed) => {
  expect(nearestName(typed, NAMES)).toBeUndefined();
});

it('counts a swap of neighbours as one', () => {
  expect(editDistance('ab', 'ba')).toBe(1);
  expect(editDistance('', 'abc')).toBe(3);
  expect(editDistance('kitten', 'sitting')).toBe(3);
});
