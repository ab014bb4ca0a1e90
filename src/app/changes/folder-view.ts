import { isDeepStrictEqual } from 'node:util';
import { readTextIfAny } from '../../adapters/files/fs';
import type { Context } from '../base/context';
import { type FolderLock, readEitherSide, readLock } from '../project/locks';
import { type ReadManifest, readManifest } from '../project/manifests';
import { findProject, type Project } from '../project/project';

/**
 * What a change is decided from. Everything read through it is remembered, so that it can be told later whether the
 * decision would still be the same.
 */
export class FolderView {
  readonly #ctx: Context;
  readonly #checks: (() => Promise<boolean>)[] = [];

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  /** The file's text, or `undefined` if there is none. */
  text(path: string): Promise<string | undefined> {
    return this.#remember(() => readTextIfAny(path));
  }

  /** Throws `manifest-invalid`. */
  async manifest(folder: string, file: string): Promise<ReadManifest | undefined> {
    await this.text(`${folder}/${file}`);
    return readManifest(folder, file);
  }

  /** Throws `lockfile-invalid` or `lockfile-newer`. */
  lock(folder: string, file?: string): Promise<FolderLock> {
    return this.#remember(() => readLock(this.#ctx, folder, file));
  }

  /** As `lock`, and after a merge conflict what either side has. */
  lockOfEitherSide(folder: string, file?: string): Promise<FolderLock> {
    return this.#remember(() => readEitherSide(this.#ctx, folder, file));
  }

  /** What the folder asks for. */
  project(folder: string): Promise<Project> {
    return this.#remember(
      () => findProject(this.#ctx, folder),
      ({ decisions, errors, manifests }) => [decisions, errors.map(({ message }) => message), manifests],
    );
  }

  /** Whether all that was read still says the same. */
  async stands(): Promise<boolean> {
    for (const check of this.#checks) if (!(await check())) return false;
    return true;
  }

  async #remember<T>(read: () => Promise<T>, telling: (value: T) => unknown = (value) => value): Promise<T> {
    const attempt = (): Promise<{ readonly value: T } | { readonly error: unknown }> =>
      read().then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
    const first = await attempt();
    this.#checks.push(async () => {
      const again = await attempt();
      if ('error' in first || 'error' in again) return isDeepStrictEqual(messageOf(first), messageOf(again));
      return isDeepStrictEqual(telling(first.value), telling(again.value));
    });
    if ('error' in first) throw first.error;
    return first.value;
  }
}

function messageOf(attempt: object): string | undefined {
  return 'error' in attempt ? String(attempt.error) : undefined;
}
