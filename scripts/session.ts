import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Writes `docs/session.svg`: commands as a person types them and what they really answer on this machine, in a home of
 * their own that is taken away afterwards. What it shows is what this machine reaches.
 */
const STEPS: readonly Step[] = [
  { folder: 'api', line: 'polyenv use node@20 go@1.24' },
  { folder: 'api', line: 'node --version' },
  { folder: 'old', line: 'polyenv use node@18' },
  { folder: 'old', line: 'node --version' },
  { folder: 'old', line: 'polyenv which --why node' },
  { folder: 'api', line: 'node --version && go version' },
  { folder: 'api', line: 'polyenv verify' },
];

interface Step {
  readonly folder: string;
  readonly line: string;
}

interface Line {
  readonly kind: 'typed' | 'said';
  readonly text: string;
}

const COLUMNS = 104;

function main(): void {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const cli = join(root, 'dist', 'polyenv.cjs');
  if (!existsSync(cli)) throw new Error('dist/ is not built: npm run build');
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'polyenv-session-')));
  try {
    const lines = record(base, cli);
    const svg = render(lines);
    if (svg.includes(base) || svg.includes(root)) throw new Error('a path of this machine would be shown');
    writeFileSync(join(root, 'docs', 'session.svg'), svg);
    console.log(lines.map(({ text }) => text).join('\n'));
  } finally {
    // What is installed is read-only.
    spawnSync('chmod', ['-R', 'u+w', base]);
    rmSync(base, { recursive: true, force: true });
  }
}

function record(base: string, cli: string): readonly Line[] {
  const home = join(base, 'ada');
  const polyenvHome = join(home, '.local', 'share', 'polyenv');
  const tools = join(base, 'tools');
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, 'polyenv'), `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`, { mode: 0o755 });
  const { npm_config_registry, GOPROXY } = process.env;
  const env = {
    HOME: home,
    POLYENV_HOME: polyenvHome,
    PATH: `${join(polyenvHome, 'shims')}:${tools}:/usr/local/bin:/usr/bin:/bin`,
    LANG: 'C.UTF-8',
    ...(npm_config_registry !== undefined && { npm_config_registry }),
    ...(GOPROXY !== undefined && { GOPROXY }),
  };
  return STEPS.flatMap(({ folder, line }): readonly Line[] => {
    const cwd = join(home, folder);
    mkdirSync(cwd, { recursive: true });
    const ran = spawnSync('sh', ['-c', `{ ${line}; } 2>&1`], { cwd, env, encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(`${line} failed:\n${ran.stdout}`);
    const said = ran.stdout.trimEnd().replaceAll(home, '~').split('\n');
    return [
      { kind: 'typed', text: `~/${folder} $ ${line}` },
      ...said.flatMap(wrapped).map((text): Line => ({ kind: 'said', text })),
    ];
  });
}

/** As a terminal of that width shows it, but broken between words. */
function wrapped(text: string): readonly string[] {
  if (text.length <= COLUMNS) return [text];
  const end = text.lastIndexOf(' ', COLUMNS);
  const cut = end > COLUMNS / 2 ? end : COLUMNS;
  return [text.slice(0, cut).trimEnd(), ...wrapped(`    ${text.slice(cut).trimStart()}`)];
}

const WIDTH = 8;
const HEIGHT = 19;
const MARGIN = 16;

/** Text lines that appear in the order in which they were typed and said; still where the reader wants no motion. */
function render(lines: readonly Line[]): string {
  let time = 0.4;
  const shown = lines.map(({ kind, text }, index) => {
    const prompt = kind === 'typed' ? text.indexOf('$ ') + 2 : 0;
    const length = text.length - prompt;
    const begin = time;
    time += kind === 'typed' ? length * 0.04 + 0.5 : 0.12;
    if (lines[index + 1]?.kind === 'typed') time += 1.2;
    const y = MARGIN + (index + 1) * HEIGHT - 5;
    const at = `x="${MARGIN}" y="${y}"`;
    if (kind === 'said') return `<text class="s" ${at} style="animation-delay:${seconds(begin)}">${xml(text)}</text>`;
    const move = `animation-delay:${seconds(begin)};animation-duration:${seconds(length * 0.04)};animation-timing-function:steps(${length})`;
    return `<text class="s p" ${at} style="animation-delay:${seconds(begin)}">${xml(text.slice(0, prompt))}</text><text class="t" x="${MARGIN + prompt * WIDTH}" y="${y}" style="${move}">${xml(text.slice(prompt))}</text>`;
  });
  const [width, height] = [COLUMNS * WIDTH + 2 * MARGIN, lines.length * HEIGHT + 2 * MARGIN];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="A terminal session with polyenv" xml:space="preserve">
<style>
text { font: 13.3px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d8dee9; white-space: pre }
.p { fill: #8fbc8f }
.t { fill: #ffffff; animation: type 1s both }
.s { animation: show 0.01s both }
@keyframes show { from { opacity: 0 } }
@keyframes type { from { clip-path: inset(0 100% 0 0) } to { clip-path: inset(0 0 0 0) } }
@media (prefers-reduced-motion: reduce) { text { animation: none !important } }
</style>
<rect width="100%" height="100%" rx="8" fill="#1e222a"/>
${shown.join('\n')}
</svg>
`;
}

function seconds(value: number): string {
  return `${value.toFixed(2)}s`;
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

main();
