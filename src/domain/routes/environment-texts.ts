import { OFFERED } from '../words/env-op';
import { quoteDotenv, quoteFish, quoteSh } from '../words/shell-quote';
import type { Environment } from './environment';
import { environmentOps } from './environment-variables';
import { searchedFolders } from './path-folders';
import { exportsSh, fishLine } from './shell-variables';

/** For `eval` in sh, bash and zsh. */
export function renderEnvSh(environment: Environment): string {
  const folders = searchedFolders(environment).join(':');
  // With an empty entry PATH would mean the working folder.
  const path = folders === '' ? '' : `PATH=${quoteSh(folders)}"\${PATH:+:$PATH}"\nexport PATH\n`;
  return `${exportsSh(environment)}${path}`;
}

export function renderEnvFish(environment: Environment): string {
  const lines = environmentOps(environment).map(fishLine);
  const folders = searchedFolders(environment).map(quoteFish).join(' ');
  const path = folders === '' ? '' : `set -gx PATH ${folders} $PATH\n`;
  return `${lines.map((line) => `${line}\n`).join('')}set -gx POLYENV_ENV ${quoteFish(environment.directory)}\n${path}`;
}

/** Only what is set to one value: a `.env` file cannot extend or unset. */
export function renderDotenv(environment: Environment): string {
  return [...plainVariables(environment)].map(([name, value]) => `${name}=${quoteDotenv(value)}\n`).join('');
}

/** For `$GITHUB_ENV`: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings */
export function renderGithubEnv(environment: Environment): string {
  return [...plainVariables(environment)]
    .map(([name, value]) => {
      if (!/[\r\n]/.test(value)) return `${name}=${value}\n`;
      let end = 'POLYENV_END';
      while (value.includes(end)) end += '_';
      return `${name}<<${end}\n${value}\n${end}\n`;
    })
    .join('');
}

function plainVariables(environment: Environment): ReadonlyMap<string, string> {
  const set = new Map<string, string>();
  for (const op of environmentOps(environment)) {
    const { name } = op;
    if (op.op === 'prepend' || op.op === 'append' || op.op === 'unset' || op.op === 'limit' || name === OFFERED)
      continue;
    if (op.value !== undefined) set.set(name, op.value);
  }
  return set;
}

/** What stands in `env.json`, read back by polyenv itself: `prune`'s roots among it. */
export function renderEnvJson(environment: Environment): string {
  return `${JSON.stringify({ schema: 1, ...environment }, undefined, 1)}\n`;
}
