import { relative, sep } from 'node:path';

/** What the watch reports of changes below a folder. */
export interface Watch {
  /** The path of the next change, relative to the folder, once it has been quiet for a moment. Never resolves after `close`. */
  next(): Promise<string>;
  close(): Promise<void>;
}

/** Milliseconds without a further change: an editor's save and a checkout are many. */
const QUIET = 100;

/** Folders whose files nobody edits by hand. */
const LEFT_OUT = new Set(['.git', 'node_modules', '.venv', '__pycache__', 'target', '.gradle', '.polyenv']);

/** Watches a folder and all below it but what is left out: dependencies, git's own, and what builds leave. */
export async function watchFolder(folder: string): Promise<Watch> {
  const { watch } = await import('chokidar');
  const leftOut = (path: string): boolean => {
    const inside = relative(folder, path);
    return inside.split(sep).some((part) => LEFT_OUT.has(part));
  };
  let changed: string | undefined;
  let waiting: ((path: string) => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    timer = undefined;
    if (waiting === undefined || changed === undefined) return;
    const [told, path] = [waiting, changed];
    waiting = undefined;
    changed = undefined;
    told(path);
  };
  const watcher = watch(folder, { ignored: leftOut, ignoreInitial: true, followSymlinks: false });
  watcher.on('all', (_event, path) => {
    changed ??= relative(folder, path);
    clearTimeout(timer);
    timer = setTimeout(tell, QUIET);
  });
  await new Promise<void>((ready) => watcher.once('ready', ready));
  return {
    next: () =>
      new Promise((done) => {
        waiting = done;
        // One that came while nobody waited.
        if (timer === undefined) tell();
      }),
    close: async () => {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}
