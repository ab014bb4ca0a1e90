/** What the order of tasks depends on; a `ManifestTask` is one. */
export interface DependingTask {
  readonly name: string;
  /** Names of other tasks, each of which exists. */
  readonly depends: readonly string[];
  readonly parallel: boolean;
}

/** A task and what must have ended well before it, in its own order. A task that several depend on is one plan. */
export interface TaskPlan<T extends DependingTask = DependingTask> {
  readonly task: T;
  readonly before: readonly TaskPlan<T>[];
}

/** The plan of the task of that name; `undefined` if there is none. The tasks must be without circles. */
export function planTask<T extends DependingTask>(tasks: readonly T[], name: string): TaskPlan<T> | undefined {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const plans = new Map<string, TaskPlan<T>>();
  for (const task of inOrder(byName, name)) {
    const before = task.depends.map((depended) => plans.get(depended)).filter((plan) => plan !== undefined);
    plans.set(task.name, { task, before });
  }
  return plans.get(name);
}

/** Every task of the plan once, each after what it depends on. */
export function orderOf<T extends DependingTask>(plan: TaskPlan<T>): readonly T[] {
  const plans = new Map<string, TaskPlan<T>>();
  const pending = [plan];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (plans.has(next.task.name)) continue;
    plans.set(next.task.name, next);
    pending.push(...next.before);
  }
  return inOrder(new Map([...plans].map(([name, { task }]) => [name, task])), plan.task.name);
}

/** Whether two of them may run at the same time. */
export function runsAtOnce(plan: TaskPlan): boolean {
  return orderOf(plan).some(({ parallel, depends }) => parallel && new Set(depends).size > 1);
}

/** Names from a task back to itself, the first circle that is found; `undefined` where there is none. */
export function findCircle(tasks: readonly DependingTask[]): readonly [string, ...string[]] | undefined {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const done = new Set<string>();
  for (const { name } of tasks) {
    // In the order in which they were entered.
    const path = new Set<string>();
    for (const { step, task } of visit(byName, { name, done })) {
      if (step === 'leave') path.delete(task);
      else if (path.has(task)) return [task, ...[...path].slice([...path].indexOf(task) + 1), task];
      else path.add(task);
    }
  }
  return undefined;
}

function inOrder<T extends DependingTask>(byName: ReadonlyMap<string, T>, name: string): readonly T[] {
  const done = new Set<string>();
  for (const _ of visit(byName, { name, done }));
  return [...done].map((one) => byName.get(one)).filter((task) => task !== undefined);
}

/**
 * Depth first from a task, without a stack of calls: files have been seen in which thousands depend on each other. Who is
 * told of one being entered while it is open must stop. Adds to `done` what is left, and leaves that out.
 */
function* visit(
  byName: ReadonlyMap<string, DependingTask>,
  { name, done }: { readonly name: string; readonly done: Set<string> },
): Generator<{ readonly step: 'enter' | 'leave'; readonly task: string }> {
  const pending: { readonly step: 'enter' | 'leave'; readonly task: string }[] = [{ step: 'enter', task: name }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (done.has(next.task)) continue;
    yield next;
    if (next.step === 'leave') {
      done.add(next.task);
      continue;
    }
    pending.push({ step: 'leave', task: next.task });
    const depends = byName.get(next.task)?.depends ?? [];
    for (const task of depends.toReversed()) pending.push({ step: 'enter', task });
  }
}
