import { fetchLines, installLines, type ProjectFacts } from './project-facts';

/** https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax */
export function githubActions(facts: ProjectFacts): string {
  const { polyenv, tasks, fetch } = facts;
  const own = TASKS.filter(({ task }) => tasks.includes(task));
  return `# Made by \`polyenv generate github-actions\`: runs on exactly what polyenv.lock says, or fails with what differs.
name: polyenv

on:
  push:
  pull_request:

permissions:
  contents: read

jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - name: Keep toolchains between runs
        id: cache
        uses: actions/cache@v4
        with:
          path: ~/.local/share/polyenv
          key: polyenv-\${{ runner.os }}-\${{ runner.arch }}-\${{ hashFiles('**/polyenv.lock') }}
${steps([
  ...(fetch !== undefined ? [fetchStep(fetch)] : polyenv === 'polyenv' ? [NEEDED] : []),
  { name: 'Install exactly the lock', run: installLines(facts) },
  {
    name: 'Verify what came from the cache',
    if: "steps.cache.outputs.cache-hit == 'true'",
    run: [`${polyenv} verify`],
  },
  {
    name: 'Put the commands on PATH for the steps that follow',
    run: [
      'echo "${POLYENV_HOME:-$HOME/.local/share/polyenv}/shims" >> "$GITHUB_PATH"',
      // JAVA_HOME and its like, for what no shim starts: ./mvnw, ./gradlew.
      `${polyenv} env --format github >> "$GITHUB_ENV"`,
    ],
  },
  ...own.map(({ task, name }) => ({ name, run: [`${polyenv} run ${task}`] })),
  ...(own.length > 0
    ? []
    : [{ name: 'Say what runs here; your own commands come after it', run: [`${polyenv} current`] }]),
])}`;
}

/** Tasks that a continuous integration runs where the manifest has them, in this order. */
const TASKS = [
  { task: 'setup', name: 'Set up' },
  { task: 'check', name: 'Check' },
  { task: 'test', name: 'Test' },
  { task: 'build', name: 'Build' },
] as const;

interface Step {
  readonly name: string;
  readonly if?: string;
  readonly run: readonly string[];
}

const NEEDED: Step = {
  name: 'polyenv has to be on PATH; polyenv generate wrapper brings it along by digest',
  run: ['command -v polyenv'],
};

/** polyenv itself, by digest or by version. */
function fetchStep(fetch: NonNullable<ProjectFacts['fetch']>): Step {
  const place = '$HOME/.polyenv-cli';
  const path = fetch.kind === 'npm' ? [] : [`echo "${place}/bin" >> "$GITHUB_PATH"`];
  return { name: 'Fetch polyenv', run: [...fetchLines(fetch, `"${place}"`), ...path] };
}

function steps(all: readonly Step[]): string {
  return all
    .map(({ name, if: condition, run }) =>
      [
        `      - name: ${name}`,
        ...(condition === undefined ? [] : [`        if: ${condition}`]),
        '        run: |',
        ...run.map((line) => `          ${line}`),
        '',
      ].join('\n'),
    )
    .join('');
}
