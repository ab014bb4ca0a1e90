const waiting: (() => void)[] = [];
let running = 0;

/** Runs the action when fewer than `slots` others run: one bound for all parts of all toolchains together. */
export async function limit<T>(slots: number, action: () => Promise<T>): Promise<T> {
  while (running >= Math.max(1, slots)) await new Promise<void>((resume) => waiting.push(resume));
  running += 1;
  try {
    return await action();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
