import { BASE_IMAGE, fetchLines, installLines, type ProjectFacts, variableValue } from './project-facts';

/** https://containers.dev/implementors/json_reference/ */
export function devcontainer(facts: ProjectFacts): string {
  const home = '/home/node/.local/share/polyenv';
  const { fetch } = facts;
  const place = '$HOME/.polyenv-cli';
  const first =
    fetch === undefined
      ? []
      : [...fetchLines(fetch, `"${place}"`), ...(fetch.kind === 'npm' ? [] : [`export PATH="${place}/bin:$PATH"`])];
  const value = {
    name: facts.name,
    image: BASE_IMAGE,
    remoteUser: 'node',
    remoteEnv: {
      POLYENV_HOME: home,
      PATH: `${home}/shims:\${containerEnv:PATH}`,
      ...Object.fromEntries(
        facts.variables.map((one) => [one.name, variableValue(one, home, '${containerWorkspaceFolder}')]),
      ),
    },
    onCreateCommand: [...first, ...installLines(facts)].join(' && '),
  };
  return `// Made by \`polyenv generate devcontainer\`: exactly what polyenv.lock says.\n${JSON.stringify(value, undefined, 2)}\n`;
}
