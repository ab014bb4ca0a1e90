import type { Command } from './command';

/** A verb as the overview knows it; the command itself is loaded only when it is invoked. */
export interface Entry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: Group;
  readonly load: () => Promise<{ readonly command: Command }>;
  /** Plumbing: works, but is not shown in the overview. */
  readonly hidden?: true;
  /** Called often, by people and by programs: also in the small file, which starts sooner. */
  readonly near?: true;
}

export type Group = 'Project' | 'Run' | 'Look' | 'Toolchains' | 'Machine' | 'Lock' | 'Others' | 'Plumbing';

export const CATALOG: readonly Entry[] = [
  { name: 'init', group: 'Project', load: () => import('./commands/init') },
  { name: 'use', group: 'Project', load: () => import('./commands/use') },
  { name: 'upgrade', group: 'Project', load: () => import('./commands/upgrade') },
  { name: 'rollback', group: 'Project', load: () => import('./commands/rollback') },
  { name: 'remove', group: 'Project', load: () => import('./commands/remove') },
  { name: 'install', group: 'Project', load: () => import('./commands/install') },
  { name: 'sync', group: 'Project', load: () => import('./commands/sync') },
  { name: 'trust', group: 'Project', load: () => import('./commands/trust') },
  { name: 'untrust', group: 'Project', load: () => import('./commands/untrust') },
  { name: 'exec', aliases: ['x'], group: 'Run', near: true, load: () => import('./commands/exec') },
  { name: 'run', group: 'Run', load: () => import('./commands/run') },
  { name: 'shell', group: 'Run', load: () => import('./commands/shell') },
  { name: 'env', group: 'Run', near: true, load: () => import('./commands/env') },
  { name: 'status', group: 'Look', load: () => import('./commands/status') },
  { name: 'current', group: 'Look', near: true, load: () => import('./commands/current') },
  { name: 'which', group: 'Look', near: true, load: () => import('./commands/which') },
  { name: 'where', group: 'Look', near: true, load: () => import('./commands/where') },
  { name: 'outdated', group: 'Look', load: () => import('./commands/outdated') },
  { name: 'info', group: 'Look', load: () => import('./commands/info') },
  { name: 'ls-remote', group: 'Look', load: () => import('./commands/ls-remote') },
  { name: 'ls', group: 'Toolchains', load: () => import('./commands/ls') },
  { name: 'size', group: 'Toolchains', load: () => import('./commands/size') },
  { name: 'link', group: 'Toolchains', load: () => import('./commands/link') },
  { name: 'import', group: 'Toolchains', load: () => import('./commands/import') },
  { name: 'uninstall', group: 'Toolchains', load: () => import('./commands/uninstall') },
  { name: 'prune', group: 'Toolchains', load: () => import('./commands/prune') },
  { name: 'lock', group: 'Lock', load: () => import('./commands/lock') },
  { name: 'bundle', group: 'Lock', load: () => import('./commands/bundle') },
  { name: 'sbom', group: 'Lock', load: () => import('./commands/sbom') },
  { name: 'verify', group: 'Lock', load: () => import('./commands/verify') },
  { name: 'setup', group: 'Machine', load: () => import('./commands/setup') },
  { name: 'activate', group: 'Machine', load: () => import('./commands/activate') },
  { name: 'deactivate', group: 'Machine', load: () => import('./commands/deactivate') },
  { name: 'off', group: 'Machine', load: () => import('./commands/off') },
  { name: 'on', group: 'Machine', load: () => import('./commands/on') },
  { name: 'completions', group: 'Machine', load: () => import('./commands/completions') },
  { name: 'doctor', group: 'Machine', load: () => import('./commands/doctor') },
  { name: 'settings', group: 'Machine', load: () => import('./commands/settings') },
  { name: 'self', group: 'Machine', load: () => import('./commands/self') },
  { name: 'new', group: 'Project', load: () => import('./commands/new') },
  { name: 'generate', group: 'Project', load: () => import('./commands/generate') },
  { name: 'ide', group: 'Project', load: () => import('./commands/ide') },
  { name: 'templates', group: 'Look', load: () => import('./commands/templates') },
  { name: 'help', group: 'Others', load: () => import('./commands/help') },
  { name: 'complete', group: 'Plumbing', hidden: true, load: () => import('./commands/complete') },
  { name: 'detect', group: 'Plumbing', hidden: true, load: () => import('./commands/detect') },
  { name: 'resolve', group: 'Plumbing', hidden: true, load: () => import('./commands/resolve') },
  { name: 'hook', group: 'Plumbing', hidden: true, near: true, load: () => import('./commands/hook') },
  { name: 'reshim', group: 'Plumbing', hidden: true, load: () => import('./commands/reshim') },
  { name: 'shim', group: 'Plumbing', hidden: true, near: true, load: () => import('./commands/shim') },
];
