import { BASE_IMAGE, IMAGE_HOME, installLines, type ProjectFacts } from './project-facts';

/** https://docs.docker.com/reference/dockerfile/ */
export function dockerfile(facts: ProjectFacts): string {
  const { polyenv } = facts;
  const own = polyenv === 'polyenv' ? [] : [polyenv.replace('./', '')];
  return `# Made by \`polyenv generate dockerfile\`: an image with exactly what polyenv.lock says.
# polyenv itself runs on the Node of this image; the project's runtimes come from its lock.
ARG BASE=${BASE_IMAGE}
FROM \${BASE}
ENV POLYENV_HOME=${IMAGE_HOME}
ENV PATH=${IMAGE_HOME}/shims:$PATH
WORKDIR /app

# A layer of its own: kept as long as these files stay the same.
COPY ${[...own, 'polyenv.toml', 'polyenv.lock', './'].join(' ')}
${installLines(facts)
  .map((line) => `RUN ${line}\n`)
  .join('')}
COPY . .
`;
}
