import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import { namesFile, namesFolder, readAllNames } from '../adapters/gateway/names-store';
import type { Home } from '../adapters/home/paths';
import type { Authority } from '../adapters/tls/authority';
import { DASHBOARD_NAME, nameOfHost } from '../domain/gateway/local-name';
import { findName, findRoute, type NameTable, nameTable, type ProjectNames } from '../domain/gateway/name-table';
import type { Host } from '../host';
import { Leaves } from './leaves';
import { problemPage } from './problem-page';
import type { Engine, EngineOptions } from './proxy/engine';
import { openNodeEngine } from './proxy/node-engine';

export interface RouterOptions {
  readonly home: Home;
  readonly host: Host;
  readonly authority: Authority;
  log(text: string): void;
}

export interface Router {
  openEngine(port: number, own: EngineOptions['own']): Engine;
  reload(): Promise<void>;
  status(): { readonly names: readonly unknown[]; readonly damaged: readonly string[]; readonly load: unknown };
  projects(): readonly ProjectNames[];
  /** Where servers should listen. */
  ports(): readonly number[];
  close(): void;
}

/** Milliseconds: several files of one change are read at once. */
const SETTLE = 30;

/** Knows which name leads where, from the files of the projects, and reads them when they change. */
export async function openRouter({ home, host, authority, log }: RouterOptions): Promise<Router> {
  let projects: readonly ProjectNames[] = [];
  let damaged: readonly string[] = [];
  let table: NameTable = new Map();
  let engine: Engine | undefined;
  const leaves = new Leaves({
    issuer: authority.issuer,
    now: host.now,
    isKnown: (asked) => {
      const name = nameOfHost(asked);
      return name !== undefined && (name === DASHBOARD_NAME || findName(table, name) !== undefined);
    },
  });
  const reload = async (): Promise<void> => {
    try {
      const read = await readAllNames(home);
      // What cannot be read is served as it was: a half written file must not take names away.
      const kept = projects.filter(({ project }) => read.damaged.includes(namesFile(home, project)));
      for (const file of read.damaged)
        if (!damaged.includes(file)) log(`cannot read ${file}: its names stay as they were`);
      projects = [...kept, ...read.projects];
      damaged = read.damaged;
      table = nameTable(projects);
      leaves.forget();
    } catch (error) {
      log(`cannot read the names: ${(error as Error).message}`);
    }
  };
  await reload();
  const watcher = watchFolder(namesFolder(home), reload);
  return {
    reload,
    projects: () => projects,
    ports: () => projects.flatMap(({ names }) => names.flatMap(({ routes }) => routes.map(({ port }) => port))),
    status: () => ({
      names: [...table.values()].map(({ project, entry }) => ({ ...entry, project })),
      damaged,
      load: engine?.load,
    }),
    close: () => watcher?.close(),
    openEngine: (port, own) => {
      engine = openNodeEngine({
        port,
        own,
        certificate: (asked) => leaves.contextFor(asked),
        route: (name, target) =>
          findName(table, name) === undefined ? 'unknown' : (findRoute(table, name, target) ?? 'nowhere'),
        page: (problem) => problemPage(problem, { port, names: [...table.keys()] }),
        report: (what, error) => log(`${what}: ${String((error as Error).stack ?? error)}`),
      });
      return engine;
    },
  };
}

/** Who changes a name says so; this is for who did not. */
function watchFolder(folder: string, reload: () => Promise<void>): FSWatcher | undefined {
  let waiting: NodeJS.Timeout | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const watcher = watch(folder, () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => void reload(), SETTLE);
    });
    watcher.on('error', () => undefined);
    return watcher;
  } catch {
    return undefined;
  }
}
