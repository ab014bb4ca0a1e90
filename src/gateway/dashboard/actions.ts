import type { JobRequest } from './jobs';
import type { SeenProject } from './overview';

/** All that the page can do: a command of polyenv's own, with a project and a service out of what was seen, and nothing else. */
export const ACTIONS = {
  up: { title: 'Start', ask: 'no', of: 'project' },
  down: { title: 'Stop all', ask: 'no', of: 'project' },
  install: { title: 'Install', ask: 'no', of: 'project' },
  lock: { title: 'Lock', ask: 'no', of: 'project' },
  upgrade: { title: 'Upgrade', ask: 'yes', of: 'project' },
  trust: { title: 'Trust', ask: 'yes', of: 'project' },
  start: { title: 'Start', ask: 'no', of: 'service' },
  stop: { title: 'Stop', ask: 'no', of: 'service' },
  restart: { title: 'Restart', ask: 'no', of: 'service' },
  snapshot: { title: 'Snapshot', ask: 'no', of: 'service' },
  url: { title: 'Show URL', ask: 'no', of: 'service' },
  prune: { title: 'Prune', ask: 'yes', of: 'home' },
} as const;

export type Action = keyof typeof ACTIONS;

export interface Wanted {
  readonly action: Action;
  readonly project?: SeenProject;
  readonly service?: string;
}

/** The fields of a form as an action on what is there; `undefined` for anything else. */
export function wantedIn(form: ReadonlyMap<string, string>, projects: readonly SeenProject[]): Wanted | undefined {
  const action = form.get('action');
  // guard: action-list
  if (action === undefined || !Object.hasOwn(ACTIONS, action)) return undefined;
  const known = action as Action;
  const { of } = ACTIONS[known];
  if (of === 'home') return { action: known };
  const project = projects.find(({ id }) => id === form.get('project'));
  if (project === undefined) return undefined;
  if (of === 'project') return { action: known, project };
  const service = project.services.find(({ name }) => name === form.get('service'))?.name;
  return service === undefined ? undefined : { action: known, project, service };
}

/**
 * The command, and for one that asks first what shows what would happen; `shown` is what that printed. `undefined` where
 * that does not say what would be done.
 */
export function commandOf(wanted: Wanted, how: 'do' | 'look', shown: readonly string[] = []): JobRequest | undefined {
  const { action, project, service } = wanted;
  const words = wordsOf(action, how, shown);
  if (words === undefined) return undefined;
  const end = [...words, ...(service === undefined ? [] : [service])];
  const title = `${ACTIONS[action].title} ${service ?? project?.name ?? ''}`.trim();
  const place = project === undefined ? [] : ['-C', project.folder];
  return { title, args: [...place, ...end], shown: ['polyenv', ...end].filter((word) => word !== '--yes').join(' ') };
}

/** The last thing that `trust --show` prints: what a manifest itself says stands before it. */
const CONTENT = /^content ([0-9a-f]{32})$/;

function wordsOf(action: Action, how: 'do' | 'look', shown: readonly string[]): readonly string[] | undefined {
  switch (action) {
    case 'start':
      return ['up'];
    case 'trust': {
      if (how === 'look') return ['trust', '--show'];
      // Between a look and a yes a manifest may have become another one.
      const line = shown.findLast((one) => CONTENT.test(one)) ?? '';
      const [, content] = CONTENT.exec(line) ?? [];
      return content === undefined ? undefined : ['trust', '--yes', '--content', content];
    }
    case 'prune':
    case 'upgrade':
      return how === 'look' ? [action, '--dry-run'] : [action, '--yes'];
    default:
      return [action];
  }
}

/** Which button belongs to what a finding says to type; `undefined`: the command is only shown. */
export function actionFor(hint: string): { readonly action: Action; readonly service?: string } | undefined {
  const [program, verb, word, ...more] = hint.split(' ');
  if (program !== 'polyenv' || more.length > 0) return undefined;
  if (word === undefined && (verb === 'install' || verb === 'trust' || verb === 'lock' || verb === 'upgrade')) {
    return { action: verb };
  }
  return verb === 'up' && word !== undefined ? { action: 'start', service: word } : undefined;
}
