import type { Document, Pin, PinFile } from '../../runtime/runtime';
import { at, tableAt, textAt } from './fields';
import { filesAbove, names } from './workspace';

/**
 * `requires-python` of `pyproject.toml` (https://packaging.python.org/en/latest/specifications/pyproject-toml/), else
 * Poetry's `python`: a range that decides only where nothing else pins.
 */
export const pyproject: PinFile = {
  file: 'pyproject.toml',
  strength: 'floor',
  read: (document) => {
    const top = document.toml();
    const pins = [requiresPython(document, top) ?? poetryPython(document, top)].filter((pin) => pin !== undefined);
    const project = tableAt(document, top, ['project']) !== undefined;
    return project && !isMember(document) ? { pins, boundary: true } : { pins };
  },
};

function requiresPython(document: Document, top: unknown): Pin | undefined {
  const keys = ['project', 'requires-python'];
  return floorOf(document, keys, textAt(document, top, keys));
}

/** Poetry writes `3.11` where PEP 440 has `==3.11.*`, and `~3.11` where it has `~=3.11.0`: https://python-poetry.org/docs/dependency-specification/ */
function poetryPython(document: Document, top: unknown): Pin | undefined {
  const keys = ['tool', 'poetry', 'dependencies', 'python'];
  const apart = typeof at(top, keys) === 'string' ? keys : [...keys, 'version'];
  return floorOf(document, apart, textAt(document, top, apart));
}

function floorOf(document: Document, keys: readonly string[], text: string | undefined): Pin | undefined {
  const request = text?.trim() ?? '';
  if (request === '' || request === '*') return undefined;
  return { strength: 'floor', requests: [request], line: document.lineOf(...keys) };
}

/**
 * Whether a workspace of uv above has the project: then the project goes on up there
 * (https://docs.astral.sh/uv/concepts/projects/workspaces/).
 */
function isMember(document: Document): boolean {
  for (const { document: above, way } of filesAbove(document, 'pyproject.toml')) {
    const workspace = at(attempt(above), ['tool', 'uv', 'workspace']);
    if (workspace === undefined) continue;
    return names(at(workspace, ['members']), way) && !names(at(workspace, ['exclude']), way);
  }
  return false;
}

/** What is broken up there is reported where it matters. */
function attempt(document: Document): unknown {
  try {
    return document.toml();
  } catch {
    return undefined;
  }
}
