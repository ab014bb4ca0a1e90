import { dirname, join, relative, sep } from 'node:path';
import { documentOf, repositoryOf } from '../../adapters/documents/documents';
import { type ListedFolder, walkProjects } from '../../adapters/files/project-folders';
import { type Mention, namesVersions, readMentions } from '../../domain/pins/mentions';
import { isAnswered } from '../../domain/pins/pin-agreement';
import { understand } from '../../domain/pins/precedence';
import type { Document, Runtime } from '../../domain/runtime/runtime';
import type { ToolRequest } from '../../domain/versions/request';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { findProject } from '../project/project';
import { decidedToolchainsOf } from '../routes/compile';
import { type DecidedToolchain, versionOf } from '../toolchains/decided-toolchain';

/** What a Dockerfile, a workflow or the like says of a tool, against what is chosen for its folder. */
export interface Contradiction extends Mention {
  /** Absolute. */
  readonly file: string;
  readonly decided: DecidedToolchain;
  /** The chosen version where it is known, else the request. */
  readonly chosen: string;
}

const DEPTH = 6;
const MOST_FOLDERS = 2000;
const MOST_FILES = 500;

/** Each mention, in the folder and below it, of a version that the folder of the file does not get. Reads only. */
export async function contradictionsOf(ctx: Context, top: string): Promise<readonly Contradiction[]> {
  const runtimes = await loadRuntimes();
  const { folders } = walkProjects(top, {
    depth: DEPTH,
    most: MOST_FOLDERS,
    isDependency: (path) => path === ctx.home.root,
  });
  const reader = new FileReader(top);
  const allDecided = new Map<string, Promise<readonly DecidedToolchain[]>>();
  const decidedToolchainsIn = (folder: string): Promise<readonly DecidedToolchain[]> => {
    const held =
      allDecided.get(folder) ?? findProject(ctx, folder).then((project) => decidedToolchainsOf(ctx, project));
    allDecided.set(folder, held);
    return held;
  };
  const found: Contradiction[] = [];
  for (const path of candidates(top, folders)) {
    const document = reader.open(path);
    const mentions = document === undefined ? [] : readMentions(path, document, runtimes);
    if (mentions.length === 0) continue;
    const file = join(top, path);
    const chosen = await decidedToolchainsIn(dirname(file));
    found.push(
      ...mentions.flatMap((mention): readonly Contradiction[] => {
        const decided = chosen.find(({ runtime }) => runtime.id === mention.tool);
        if (decided === undefined || !contradicts(mention, decided)) return [];
        return [{ ...mention, file, decided, chosen: versionOf(decided) ?? decided.decision.request.text }];
      }),
    );
  }
  return found;
}

/** Relative, with `/`. */
function candidates(top: string, folders: readonly ListedFolder[]): readonly string[] {
  return folders
    .flatMap(({ path, files }) => files.map((name) => relative(top, join(path, name)).split(sep).join('/')))
    .filter(namesVersions)
    .slice(0, MOST_FILES);
}

/** A matrix that has the chosen version among others does not contradict it. */
function contradicts({ requests }: Mention, decided: DecidedToolchain): boolean {
  const { runtime, decision } = decided;
  const said = requests.map((text) => attempt(runtime, text));
  if (said.some((one) => one === undefined)) return false;
  const version = versionOf(decided);
  const meant = { request: plain(decision.request), ...present({ version }) };
  return said.every(
    (one) => one !== undefined && !isAnswered(runtime, one, meant) && isTold(one, meant.request, version),
  );
}

/** Whether it can be told without a list of releases that the two do not mean the same. */
function isTold({ version: said }: ToolRequest, { version: meant }: ToolRequest, version: string | undefined): boolean {
  if (!['prefix', 'exact', 'range'].includes(said.kind)) return false;
  if (version !== undefined || meant.kind === 'exact') return true;
  if (meant.kind !== 'prefix' || said.kind === 'range') return false;
  const numbers =
    said.kind === 'prefix' ? said.numbers : said.kind === 'exact' ? said.version.split('.').map(Number) : [];
  return meant.numbers.some((number, index) => numbers[index] !== undefined && numbers[index] !== number);
}

/** An image's publisher is no vendor of the runtime's: numbers alone are compared. */
function plain({ vendor, variant, ...request }: ToolRequest): ToolRequest {
  return request;
}

function attempt(runtime: Runtime, text: string): ToolRequest | undefined {
  try {
    return plain(understand(runtime, { text, options: {} }));
  } catch (error) {
    if (error instanceof PolyenvError) return undefined;
    throw error;
  }
}

/** Opens what lies in the project, by its real path too; what is too large or no text says nothing. */
class FileReader {
  readonly #top: Document;

  constructor(top: string) {
    this.#top = documentOf({ path: join(top, 'polyenv.toml'), boundary: () => repositoryOf(top) }, '');
  }

  open(path: string): Document | undefined {
    try {
      return this.#top.sibling(path);
    } catch (error) {
      if (error instanceof PolyenvError) return undefined;
      throw error;
    }
  }
}
