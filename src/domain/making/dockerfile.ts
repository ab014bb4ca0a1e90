import {
  BASE_IMAGE,
  type Fetch,
  fetchLines,
  folderLines,
  IMAGE_HOME,
  installLines,
  type ProjectFacts,
  variableValue,
} from './project-facts';

/** https://docs.docker.com/reference/dockerfile/ */
export function dockerfile(facts: ProjectFacts): string {
  const { polyenv, folders = [], fetch, variables } = facts;
  const own = polyenv === 'polyenv' ? [] : [polyenv.replace('./', '')];
  return `# Made by \`polyenv generate dockerfile\`: an image with exactly what polyenv.lock says.
# polyenv itself runs on the Node of this image; the project's runtimes come from its lock.
ARG BASE=${BASE_IMAGE}
FROM \${BASE}
ENV POLYENV_HOME=${IMAGE_HOME}
ENV PATH=${IMAGE_HOME}/shims:$PATH
${variables.map((one) => `ENV ${one.name}=${variableValue(one, IMAGE_HOME, '/app')}\n`).join('')}WORKDIR /app
${fetch === undefined ? '' : fetched(fetch)}
# A layer of its own: kept as long as these files stay the same.
COPY ${[...own, 'polyenv.toml', 'polyenv.lock', './'].join(' ')}
${installLines({ ...facts, folders: [] })
  .map((line) => `RUN ${line}\n`)
  .join('')}
COPY . .
${folders
  .flatMap((folder) => folderLines(facts, folder))
  .map((line) => `RUN ${line}\n`)
  .join('')}`;
}

const PLACE = '/usr/local/lib/polyenv';

/** polyenv itself, by digest, in a layer that changes with its version only. */
function fetched(fetch: Fetch): string {
  const lines = [
    ...fetchLines(fetch, PLACE),
    ...(fetch.kind === 'npm' ? [] : [`ln -s ${PLACE}/bin/polyenv /usr/local/bin/polyenv`, `rm ${PLACE}.tar.gz`]),
  ];
  return `RUN set -e; ${lines.join('; \\\n    ')}\n`;
}
