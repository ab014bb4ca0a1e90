import type { Command } from './command';

/** A verb as the overview knows it; the command itself is loaded only when it is invoked. */
export interface Entry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: Group;
  readonly load: () => Promise<{ readonly command: Command }>;
  /** Plumbing: works, but is not shown in the overview. */
  readonly hidden?: true;
}

export type Group = 'Project' | 'Run' | 'Look' | 'Toolchains' | 'Machine' | 'Lock' | 'Others' | 'Plumbing';

export const CATALOG: readonly Entry[] = [{ name: 'use', group: 'Project', load: () => import('./commands/use') }];
