import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** A program of others that tests run for real, or why it is not here. */
export type Tool = { readonly file: string } | { readonly absent: string };

/** CNCF distribution 2.8, as Debian packs it. */
export function distribution2(): Tool {
  return onPath('docker-registry', 'apt-get install docker-registry');
}

export function skopeo(): Tool {
  return onPath('skopeo', 'apt-get install skopeo');
}

/** CNCF distribution 3. */
export function distribution3(): Tool {
  return built('registry', 'github.com/distribution/distribution/v3/cmd/registry@v3.1.2');
}

export function oras(): Tool {
  return built('oras', 'oras.land/oras/cmd/oras@v1.3.6');
}

export function crane(): Tool {
  return built('crane', 'github.com/google/go-containerregistry/cmd/crane@v0.22.1');
}

export function isHere(tool: Tool): tool is { readonly file: string } {
  return 'file' in tool;
}

/** For the name of a test that is skipped: ` (not here: go is not installed)`. */
export function absence(...tools: readonly Tool[]): string {
  const reasons = tools.flatMap((tool) => ('absent' in tool ? [tool.absent] : []));
  return reasons.length === 0 ? '' : ` (not here: ${[...new Set(reasons)].join('; ')})`;
}

function onPath(name: string, hint: string): Tool {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin'];
  const file = folders.map((folder) => join(folder, name)).find(isProgram);
  return file === undefined ? { absent: `${name} is not installed: ${hint}` } : { file };
}

/**
 * From the module proxy, once a machine, and only where POLYENV_TEST_TOOLS=build asks for it: building the three takes some minutes of
 * a processor. POLYENV_TEST_TOOLS may also name a folder that has them already.
 */
function built(name: string, module: string): Tool {
  const ready = process.env.POLYENV_TEST_TOOLS;
  if (ready !== undefined && isProgram(join(ready, name))) return { file: join(ready, name) };
  const folder = join(
    process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
    'polyenv-test-tools',
    module.replace(/\W+/g, '-'),
  );
  const file = join(folder, name);
  if (isProgram(file)) return { file };
  if (ready !== 'build')
    return { absent: `${name} is not built: POLYENV_TEST_TOOLS=build npm test -- team-registries` };
  const failed = join(folder, 'failed');
  if (existsSync(failed)) return { absent: `${module} could not be built` };
  try {
    mkdirSync(folder, { recursive: true });
    const env = { ...process.env, GOBIN: folder, GOFLAGS: '-p=2', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' };
    execFileSync('go', ['install', module], { env, cwd: folder, stdio: 'pipe', timeout: 540_000 });
    return { file };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { absent: missing ? 'go is not installed' : `${module} could not be built by go` };
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
