import type { XmlElement } from '../../formats/xml-document';
import type { Document, Pin, PinFile } from '../../runtime/runtime';
import { quoted } from '../../words/printable';
import { invalidPin } from './pin-text';

/**
 * The Java that a `pom.xml` compiles for, a floor: `maven.compiler.release`, the compiler plugin's `release`,
 * `java.version` (Spring Boot's), the plugin's `target` and `source`, `maven.compiler.target`, from this file or the parents beside it. Names in `${}` are
 * followed (https://maven.apache.org/plugins/maven-compiler-plugin/examples/set-compiler-release.html).
 */
export const pomXml: PinFile = {
  file: 'pom.xml',
  strength: 'floor',
  read: (document) => {
    const poms = withParents(document);
    for (const key of KEYS) {
      const found = key.startsWith(PLUGIN) ? pluginValue(poms, key.slice(PLUGIN.length)) : property(poms, key);
      const text = found === undefined ? undefined : expand(poms, found.element.text);
      if (found === undefined || text === undefined) continue;
      const line = found.own ? found.element.line : parentLine(document);
      return { pins: [floorOf(document, text, line)] };
    }
    return { pins: [] };
  },
};

const PLUGIN = 'compiler plugin: ';
const KEYS = [
  'maven.compiler.release',
  `${PLUGIN}release`,
  'java.version',
  `${PLUGIN}target`,
  `${PLUGIN}source`,
  'maven.compiler.target',
  'maven.compiler.source',
];

interface Found {
  readonly element: XmlElement;
  /** Whether the file itself says it, not a parent. */
  readonly own: boolean;
}

function floorOf(document: Document, text: string, line: number): Pin {
  const version = /^(?:1\.)?(\d{1,3})$/.exec(text)?.[1];
  if (version === undefined) throw invalidPin(document, line, `${quoted(text)} is no release of Java: write 21`);
  return { strength: 'floor', requests: [version], line, atLeast: true, nearest: true };
}

/** The project elements of the file and of the parents that lie in the repository, the file's own first. */
function withParents(document: Document): readonly XmlElement[] {
  const poms: XmlElement[] = [];
  let file: Document | undefined = document;
  while (file !== undefined && poms.length < 8) {
    const project = file.xml();
    if (project.name !== 'project') {
      if (file === document) throw invalidPin(document, project.line, 'pom.xml must hold a <project>');
      break;
    }
    poms.push(project);
    file = parentOf(file, project);
  }
  return poms;
}

function parentOf(file: Document, project: XmlElement): Document | undefined {
  const parent = child(project, 'parent');
  if (parent === undefined) return undefined;
  const way = child(parent, 'relativePath')?.text.trim() ?? '../pom.xml';
  if (way === '') return undefined;
  const found = file.sibling(way) ?? undefined;
  if (found === undefined) return undefined;
  const wanted = child(parent, 'artifactId')?.text.trim();
  return child(found.xml(), 'artifactId')?.text.trim() === wanted ? found : undefined;
}

function parentLine(document: Document): number {
  return child(document.xml(), 'parent')?.line ?? 1;
}

function property(poms: readonly XmlElement[], name: string): Found | undefined {
  for (const [index, pom] of poms.entries()) {
    const element = child(child(pom, 'properties'), name);
    if (element !== undefined) return { element, own: index === 0 };
  }
  return undefined;
}

function pluginValue(poms: readonly XmlElement[], name: string): Found | undefined {
  for (const [index, pom] of poms.entries()) {
    const build = child(pom, 'build');
    const lists = [child(build, 'plugins'), child(child(build, 'pluginManagement'), 'plugins')];
    for (const plugin of lists.flatMap((list) => list?.children ?? [])) {
      if (child(plugin, 'artifactId')?.text.trim() !== 'maven-compiler-plugin') continue;
      const element = child(child(plugin, 'configuration'), name);
      if (element !== undefined) return { element, own: index === 0 };
    }
  }
  return undefined;
}

/** The text with `${name}` replaced; `undefined` where a name is said elsewhere (a parent in a registry, the command line). */
function expand(poms: readonly XmlElement[], text: string): string | undefined {
  let value: string | undefined = text.trim();
  for (let hop = 0; hop < 8 && value !== undefined; hop++) {
    const name: string | undefined = /^\$\{([^{}]+)\}$/.exec(value)?.[1];
    if (name === undefined) return value === '' ? undefined : value;
    value = property(poms, name)?.element.text.trim();
  }
  return undefined;
}

function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((one) => one.name === name);
}
