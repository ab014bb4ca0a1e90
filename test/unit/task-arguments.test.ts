import { describe, expect, it, test } from 'vitest';
import { bindArguments, prelude, type TaskArgument, usageOf } from '../../src/domain/project/task-arguments';

const argument = (name: string, more: Partial<TaskArgument> = {}): TaskArgument => ({
  name,
  description: '',
  choices: [],
  many: false,
  ...more,
});
const ARGS = [
  argument('target', { choices: ['staging', 'production'], description: 'where to' }),
  argument('replicas', { default: '2' }),
  argument('files', { many: true }),
];

test('how a task is called', () => {
  expect(usageOf('deploy', ARGS)).toBe('deploy TARGET [REPLICAS] [FILES...]');
  expect(usageOf('deploy', [])).toBe('deploy');
});

test('words become the arguments in their order, with what is the usual one where none is given', () => {
  const target = { name: 'target', value: 'staging' };
  expect(bindArguments(ARGS, ['staging'])).toEqual({
    values: [target, { name: 'replicas', value: '2' }],
    further: [],
  });
  expect(bindArguments(ARGS, ['staging', '', 'a b', '$(id)'])).toEqual({
    values: [target, { name: 'replicas', value: '' }],
    further: ['a b', '$(id)'],
  });
});

it.each([
  [ARGS, [], 'needs the argument target (where to: staging, production)'],
  [ARGS, ['prod'], 'takes staging, production as target, not "prod"'],
  [ARGS.slice(0, 2), ['staging', '3', 'x'], 'takes 2 arguments, and "x" is one more'],
  [[argument('one')], ['a', 'b'], 'takes 1 argument, and "b" is one more'],
  [[], ['x'], 'takes no argument, and "x" is one more'],
  [[argument('all', { many: true, choices: ['a'] })], ['a', 'b'], 'takes a as all, not "b"'],
])('%# a call that does not fit is told what it lacks', (args, words, problem) => {
  expect(bindArguments(args, words)).toEqual({ problem });
});

describe('what stands before a line', () => {
  test('holds names alone: values stay positional', () => {
    const values = [
      { name: 'target', value: '"; rm -rf /' },
      { name: 'n', value: '2' },
    ];
    expect(prelude({ values })).toBe('unset target n; target=${1}; n=${2}; shift 2; ');
    expect(prelude({ values: [] })).toBe('');
  });

  test.each(['a;id', 'A', '$(id)', '', 'a b'])('is never made of the name %j', (name) => {
    expect(() => prelude({ values: [{ name, value: 'x' }] })).toThrow(/argument is called/);
  });
});
