import { BASE_IMAGE, fetchLines, installLines, type ProjectFacts } from './project-facts';

/** https://docs.gitlab.com/ci/yaml/ */
export function gitlabCi(facts: ProjectFacts): string {
  const { polyenv, tasks, fetch } = facts;
  const place = '$HOME/.polyenv-cli';
  const first =
    fetch === undefined
      ? []
      : [...fetchLines(fetch, `"${place}"`), ...(fetch.kind === 'npm' ? [] : [`export PATH="${place}/bin:$PATH"`])];
  const own = TASKS.filter((task) => tasks.includes(task)).map((task) => `${polyenv} run ${task}`);
  const script = [
    ...first,
    ...installLines(facts),
    `${polyenv} verify`,
    // JAVA_HOME and its like, and the commands themselves.
    `eval "$(${polyenv} env)"`,
    ...(own.length > 0 ? own : [`${polyenv} current`]),
  ];
  return `# Made by \`polyenv generate gitlab-ci\`: runs on exactly what polyenv.lock says, or fails with what differs.
polyenv:
  image: ${BASE_IMAGE}
  variables:
    # GitLab keeps only what is below the project's folder.
    POLYENV_HOME: "$CI_PROJECT_DIR/.polyenv-home"
  cache:
    key:
      files:
        - polyenv.lock
    paths:
      - .polyenv-home
  script:
    - |
${['set -e', ...script].map((line) => `      ${line}`).join('\n')}
`;
}

/** Tasks that a continuous integration runs where the manifest has them, in this order. */
const TASKS = ['setup', 'check', 'test', 'build'] as const;
