import { basename, dirname, relative } from 'node:path';
import { planFiles, type ReadTemplate, writeProject } from '../../adapters/documents/templates';
import { isPortFree } from '../../adapters/system/ports';
import { chooseValues, chosenRuntimes, substitute, type Values } from '../../domain/making/template';
import { refuseOlder } from '../../domain/making/template-floor';
import { present } from '../../domain/words/present';
import { quoteSh } from '../../domain/words/shell-quote';

export interface NewProject {
  readonly read: ReadTemplate;
  /** Absolute; missing, or an empty folder. */
  readonly target: string;
  /** Text by parameter or runtime, as the person gave it: the rest are defaults. */
  readonly given: Readonly<Record<string, string>>;
  /** What is done in the finished folder, in order: runtimes, generated files, git. One that throws takes the project back. */
  readonly steps: readonly ProjectStep[];
  readonly signal?: AbortSignal;
  /** Absolute: where the person stands; default beside the project. */
  readonly from?: string;
}

/** Says which files it added, if any. */
export type ProjectStep = (folder: string) => Promise<readonly string[]>;

export interface CreatedProject {
  readonly folder: string;
  readonly template: string;
  readonly files: readonly string[];
  readonly runtimes: readonly { readonly tool: string; readonly request: string }[];
  readonly values: Values;
  /** Lines for the person. */
  readonly next: readonly string[];
}

/** Makes a project of a template: all of it with every step done, or nothing. Throws `usage`, `template-invalid`, and what a step throws. */
export async function newProject(options: NewProject): Promise<CreatedProject> {
  const { read, target } = options;
  const { template } = read;
  const values = chooseValues(template, options.given, basename(target));
  refuseOlder(template, values);
  const files = await planFiles(read, values);
  const written = await writeProject({
    files,
    values,
    target,
    ...present({ signal: options.signal }),
  });
  const added: string[] = [];
  try {
    for (const step of options.steps) {
      options.signal?.throwIfAborted();
      added.push(...(await step(target)));
    }
  } catch (error) {
    await written.undo();
    throw error;
  }
  return {
    folder: target,
    template: template.name,
    files: [...files.map((file) => file.target), ...added],
    runtimes: chosenRuntimes(template, values),
    values,
    next: template.next.map((line) => substitute(line, new Map([...values, ['folder', wayTo(options)]]))),
  };
}

/** As a word of a shell. */
function wayTo({ target, from = dirname(target) }: NewProject): string {
  const way = relative(from, target) || '.';
  return quoteSh(way.startsWith('-') ? `./${way}` : way);
}

/** The name for a project in that folder: the folder's own where the template's rules take it, else the template's. */
export function nameFor(read: ReadTemplate, target: string): Readonly<Record<string, string>> {
  const own = basename(target);
  try {
    chooseValues(read.template, { name: own }, own);
    return { name: own };
  } catch {
    return {};
  }
}

/** A port for each that was not given: the template's, or the next above it that nothing on this machine listens on. */
export async function portsFor(
  read: ReadTemplate,
  given: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const ports = read.template.parameters.filter(({ type }) => type === 'port');
  const taken = new Set(ports.map(({ name }) => Number(given[name])));
  const chosen: Record<string, string> = {};
  for (const { name, fallback } of ports) {
    if (given[name] !== undefined) continue;
    let port = Number(fallback);
    while (port < HIGHEST && (taken.has(port) || !(await isPortFree(port)))) port += 1;
    taken.add(port);
    chosen[name] = String(port);
  }
  return chosen;
}

const HIGHEST = 65_535;
