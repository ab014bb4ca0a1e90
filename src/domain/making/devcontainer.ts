import { BASE_IMAGE, installLines, type ProjectFacts } from './project-facts';

/** https://containers.dev/implementors/json_reference/ */
export function devcontainer(facts: ProjectFacts): string {
  const home = '/home/node/.local/share/polyenv';
  const value = {
    name: facts.name,
    image: BASE_IMAGE,
    remoteUser: 'node',
    remoteEnv: { POLYENV_HOME: home, PATH: `${home}/shims:\${containerEnv:PATH}` },
    onCreateCommand: installLines(facts).join(' && '),
  };
  return `// Made by \`polyenv generate devcontainer\`: exactly what polyenv.lock says.\n${JSON.stringify(value, undefined, 2)}\n`;
}
