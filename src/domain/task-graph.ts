import type { ManifestTask } from './manifest';

/** A task and what must have ended well before it: the manifest's own order, each task once. */
export interface TaskPlan {
  readonly task: ManifestTask;
  readonly before: readonly TaskPlan[];
}

/** The tasks of one manifest are known to be without circles and unknown names: `decodeManifest` refuses those. */
export function planTask(tasks: readonly ManifestTask[], name: string): TaskPlan | undefined {
  const planned = new Map<string, TaskPlan>();
  const plan = (wanted: string): TaskPlan | undefined => {
    const known = planned.get(wanted);
    if (known !== undefined) return known;
    const task = tasks.find((one) => one.name === wanted);
    if (task === undefined) return undefined;
    const made = { task, before: task.depends.map(plan).filter((one) => one !== undefined) };
    planned.set(wanted, made);
    return made;
  };
  return plan(name);
}

/** Every task of the plan once, each after what it depends on. */
export function orderOf(plan: TaskPlan): readonly ManifestTask[] {
  const seen = new Set<ManifestTask>();
  const visit = ({ task, before }: TaskPlan): void => {
    if (seen.has(task)) return;
    for (const one of before) visit(one);
    seen.add(task);
  };
  visit(plan);
  return [...seen];
}

/** Whether two of them may run at the same time. */
export function runsAtOnce(plan: TaskPlan): boolean {
  return orderOf(plan).some(({ parallel, depends }) => parallel && depends.length > 1);
}
