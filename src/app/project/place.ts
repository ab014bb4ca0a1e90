import { join } from 'node:path';
import { joinInside } from '../../adapters/home/paths';
import type { Place } from '../../domain/runtime/layout';
import type { Context } from '../base/context';

/** Where a project's private homes of one runtime are: `homes/<absolute project path>/<runtime>`. */
export function projectPlace(
  ctx: Context,
  at: {
    readonly project: string;
    readonly tool: string;
    readonly toolchain: string;
    readonly isolation: Place['isolation'];
  },
): Place {
  return {
    toolchain: at.toolchain,
    home: join(joinInside(ctx.home.homes, `.${at.project}`), '.polyenv', at.tool),
    project: at.project,
    personHome: ctx.host.personHome,
    isolation: at.isolation,
    env: personEnv(ctx),
  };
}

/** A place for questions that concern no project: which commands a toolchain has. */
export function outsidePlace(ctx: Context, toolchain: string): Place {
  return {
    toolchain,
    home: join(ctx.home.homes, '.outside'),
    project: '/',
    personHome: ctx.host.personHome,
    isolation: 'default',
    env: personEnv(ctx),
  };
}

/** The person's own variables: what the environment that started us set to polyenv's private folders is not theirs. */
function personEnv(ctx: Context): Readonly<Record<string, string | undefined>> {
  const own = Object.entries(ctx.host.env).filter(([, value]) => value?.startsWith(`${ctx.home.root}/`) !== true);
  return Object.fromEntries(own);
}
