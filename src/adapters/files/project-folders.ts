import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { realPathIfAny } from './real-path';

/** A folder and the base names of what lies directly in it. */
export interface ListedFolder {
  readonly path: string;
  readonly files: readonly string[];
}

export interface Walk {
  /** Nearest the top first; in one folder by name. */
  readonly folders: readonly ListedFolder[];
  /** Whether there were more than `most` folders, of which the rest was not looked at. */
  readonly cut: boolean;
}

export interface WalkRules {
  /** Levels below the top; all where absent. */
  readonly depth?: number;
  /** Folders at most. */
  readonly most: number;
  /** Whether a folder is a package manager's, by its path. */
  isDependency(path: string): boolean;
}

/**
 * The folder and those below it that may hold somebody's own project. Links are not followed; what package managers,
 * caches and version control keep is left out.
 */
export function walkProjects(top: string, rules: WalkRules): Walk {
  const folders: ListedFolder[] = [];
  const seen = new Set<string>();
  let level: readonly string[] = [top];
  for (let depth = 0; level.length > 0 && depth <= (rules.depth ?? Number.POSITIVE_INFINITY); depth++) {
    const next: string[] = [];
    for (const path of level) {
      if (folders.length >= rules.most) return { folders, cut: true };
      const real = realPathIfAny(path);
      if (real === undefined || seen.has(real)) continue;
      seen.add(real);
      const entries = entriesOf(path);
      const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
      if (path !== top && files.some((name) => MARKERS.includes(name))) continue;
      folders.push({ path, files });
      for (const entry of entries) {
        const below = join(path, entry.name);
        if (entry.isDirectory() && !isForeign(entry.name, files) && !rules.isDependency(below)) next.push(below);
      }
    }
    level = next;
  }
  return { folders, cut: false };
}

/** Files by which a folder says that a tool made it: https://bford.info/cachedir/ and PEP 405. */
const MARKERS = ['CACHEDIR.TAG', 'pyvenv.cfg'];

/** Folders of version control, of dependencies and of caches, wherever they stand. */
const FOREIGN = [
  ...['.git', '.hg', '.svn', '.jj', 'node_modules', 'bower_components', 'jspm_packages', 'site-packages', '.venv'],
  ...['__pycache__', '.tox', '.nox', '.mypy_cache', '.pytest_cache', '.ruff_cache', '.gradle'],
  ...['.m2', '.yarn', '.pnpm-store', '.next', '.nuxt', '.svelte-kit', '.turbo', '.cache', '.terraform', '.idea'],
];

/** Folders that a tool fills where its file stands beside them, and that are somebody's own elsewhere. */
const FILLED: Readonly<Record<string, readonly string[]>> = {
  target: ['Cargo.toml', 'pom.xml', 'build.sbt'],
  vendor: ['go.mod', 'go.work', 'Cargo.toml', 'composer.json', 'Gemfile'],
};

function isForeign(name: string, beside: readonly string[]): boolean {
  return (
    FOREIGN.includes(name) ||
    (Object.hasOwn(FILLED, name) && FILLED[name]?.some((file) => beside.includes(file)) === true)
  );
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}
