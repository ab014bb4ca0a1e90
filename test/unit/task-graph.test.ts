import { expect, it } from 'vitest';
import {
  type DependingTask,
  findCircle,
  orderOf,
  planTask,
  runsAtOnce,
  type TaskPlan,
} from '../../src/domain/project/task-graph';

const task = (name: string, depends: readonly string[] = [], parallel = false): DependingTask => ({
  name,
  depends,
  parallel,
});

const plan = (tasks: readonly DependingTask[], name: string): TaskPlan => {
  const made = planTask(tasks, name);
  if (made === undefined) throw new Error(`no plan of ${name}`);
  return made;
};

const names = (tasks: readonly DependingTask[], name: string): readonly string[] =>
  orderOf(plan(tasks, name)).map((one) => one.name);

const DIAMOND = [task('top', ['left', 'right']), task('left', ['base']), task('right', ['base']), task('base')];

it('orders what a task depends on before it, in its own order, each once', () => {
  expect(names(DIAMOND, 'top')).toEqual(['base', 'left', 'right', 'top']);
  expect(names([task('a', ['c', 'b']), task('b'), task('c')], 'a')).toEqual(['c', 'b', 'a']);
  expect(names([task('a', ['b', 'b']), task('b')], 'a')).toEqual(['b', 'a']);
});

it('leaves out what the task does not depend on, and plans nothing for a name that is none', () => {
  expect(names(DIAMOND, 'left')).toEqual(['base', 'left']);
  expect(planTask(DIAMOND, 'bottom')).toBeUndefined();
  expect(planTask([task('a')], 'constructor')).toBeUndefined();
});

it('makes one plan of a task that several depend on', () => {
  const { before } = plan(DIAMOND, 'top');
  expect(before[0]?.before[0]).toBe(before[1]?.before[0]);
});

it('tells whether two may run at the same time', () => {
  const leaves = [task('a'), task('b')];
  expect(runsAtOnce(plan([task('all', ['a', 'b'], true), ...leaves], 'all'))).toBe(true);
  expect(runsAtOnce(plan([task('all', ['a', 'b']), ...leaves], 'all'))).toBe(false);
  expect(runsAtOnce(plan([task('all', ['a'], true), ...leaves], 'all'))).toBe(false);
  expect(runsAtOnce(plan([task('all', ['a', 'a'], true), ...leaves], 'all'))).toBe(false);
  expect(runsAtOnce(plan([task('up', ['all']), task('all', ['a', 'b'], true), ...leaves], 'up'))).toBe(true);
});

it('finds a circle, and none where two lead to the same task', () => {
  expect(findCircle(DIAMOND)).toBeUndefined();
  expect(findCircle([task('a', ['a'])])).toEqual(['a', 'a']);
  expect(findCircle([task('in', ['a']), task('a', ['b']), task('b', ['c']), task('c', ['a'])])).toEqual([
    'a',
    'b',
    'c',
    'a',
  ]);
});

it('goes through thousands that depend on each other', () => {
  const count = 20_000;
  const chain = Array.from({ length: count }, (_, index) =>
    task(`t${index}`, index + 1 < count ? [`t${index + 1}`] : []),
  );
  expect(findCircle(chain)).toBeUndefined();
  expect(names(chain, 't0')).toHaveLength(count);
  expect(findCircle([...chain, task('last', ['t0'])])).toBeUndefined();
  expect(findCircle([...chain.slice(0, -1), task(`t${count - 1}`, ['t0'])])).toHaveLength(count + 1);
});
