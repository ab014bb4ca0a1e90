import { createHash } from 'node:crypto';
import { capture } from '../../adapters/children/capture';
import {
  asArray,
  asBoolean,
  asCount,
  asObject,
  asOneOf,
  asString,
  type Decoder,
  optional,
} from '../../domain/formats/decoders';

const asService = asObject({
  name: asString,
  kind: asString,
  version: optional(asString),
  state: asString,
  declared: asBoolean,
  address: optional(asString),
  since: optional(asString),
  memory: optional(asCount),
  data: optional(asCount),
  said: optional(asArray(asString)),
});

const asProject = asObject({
  folder: asString,
  name: asString,
  runtimes: asArray(
    asObject({
      tool: asString,
      title: asString,
      request: asString,
      version: optional(asString),
      linked: optional(asBoolean),
      from: asString,
    }),
  ),
  services: asArray(asService),
  names: asArray(
    asObject({
      name: asString,
      address: asString,
      routes: asArray(asObject({ path: asString, kind: asString, target: asString, port: asCount })),
    }),
  ),
  findings: asArray(
    asObject({
      kind: asString,
      level: asOneOf('error', 'warning', 'note'),
      message: asString,
      where: optional(asString),
      hint: asString,
    }),
  ),
  data: asCount,
});

const asSizes = asObject({
  total: asCount,
  cache: asCount,
  downloads: asCount,
  toolchains: asArray(
    asObject({
      tool: asString,
      version: asString,
      bytes: asCount,
      linked: asBoolean,
      usedBy: asArray(asString),
    }),
  ),
  environments: asArray(asObject({ folder: asString, bytes: asCount })),
  services: asArray(asObject({ name: asString, kind: asString, project: asString, gone: asBoolean, bytes: asCount })),
  orphans: asCount,
  unfinished: asCount,
  other: asCount,
});

export type SeenProject = ReturnType<typeof asProject> & {
  /** Stands for the folder in URLs and forms. */
  readonly id: string;
};
export type SeenService = ReturnType<typeof asService>;
export type Sizes = ReturnType<typeof asSizes>;

export interface Overview {
  readonly projects: readonly SeenProject[];
  /** Absent until it was measured. */
  readonly sizes?: Sizes;
}

const asProjects = asObject({ projects: asArray(asProject) });

export interface Program {
  readonly node: string;
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * What the page shows, by the same commands that a person types, in processes of their own: looking at many projects must
 * not hold up the requests that pass through. Kept, so that a page is there at once.
 */
export class OverviewSource {
  readonly #program: Program;
  readonly #changed: (before: Overview, after: Overview) => void;
  #kept: Overview = { projects: [] };
  #looking: Promise<void> | undefined;
  #again = false;
  #measured = Number.NEGATIVE_INFINITY;
  #looked = Number.NEGATIVE_INFINITY;

  constructor(program: Program, changed: (before: Overview, after: Overview) => void) {
    this.#program = program;
    this.#changed = changed;
  }

  get kept(): Overview {
    return this.#kept;
  }

  get isKnown(): boolean {
    return this.#looked > Number.NEGATIVE_INFINITY;
  }

  /** Milliseconds since the last look that ended. */
  get age(): number {
    return performance.now() - this.#looked;
  }

  /** Resolves when a look that began after the call has ended. */
  refresh(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#again = true;
      return this.#looking;
    }
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    do {
      this.#again = false;
      const projects = await this.#ask(['overview'], asProjects);
      if (projects !== undefined) {
        this.#looked = performance.now();
        this.#keep({ ...this.#kept, projects: projects.projects.map((one) => ({ ...one, id: idOf(one.folder) })) });
      }
      if (performance.now() - this.#measured > MEASURE_EVERY) {
        this.#measured = performance.now();
        const sizes = await this.#ask(['size'], asSizes);
        if (sizes !== undefined) this.#keep({ ...this.#kept, sizes });
      }
    } while (this.#again);
  }

  #keep(after: Overview): void {
    const before = this.#kept;
    this.#kept = after;
    this.#changed(before, after);
  }

  async #ask<T>(words: readonly string[], decode: Decoder<T>): Promise<T | undefined> {
    try {
      const { node: file, program, env } = this.#program;
      const args = [program, '-C', '/', ...words, '--json', '--offline'];
      return decode(JSON.parse((await capture({ file, args, env, cwd: '/' }, LOOK_LIMIT)).stdout));
    } catch {
      return undefined;
    }
  }
}

/** Milliseconds. */
const MEASURE_EVERY = 300_000;
const LOOK_LIMIT = 120_000;

function idOf(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 12);
}
