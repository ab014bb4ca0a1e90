import type { IdeaAdvice } from '../runtime/editor';

/** The component of `.idea/misc.xml` that names the project's SDK. */
const COMPONENT = /<component\s[^>]*\bname="ProjectRootManager"[^>]*>/;

/**
 * The text of `.idea/misc.xml` with the project's SDK named, every other byte as it was; `undefined` where it has no place
 * for that.
 */
export function nameSdk(text: string | undefined, { type, name }: NonNullable<IdeaAdvice['sdk']>): string | undefined {
  const attributes = { 'project-jdk-name': name, 'project-jdk-type': type };
  if (text === undefined) {
    return `<?xml version="1.0" encoding="UTF-8"?>
<project version="4">
  <component name="ProjectRootManager" version="2"${rendered(attributes)} />
</project>
`;
  }
  const found = COMPONENT.exec(text);
  if (found === null) {
    const end = text.lastIndexOf('</project>');
    if (end === -1) return undefined;
    return `${text.slice(0, end)}  <component name="ProjectRootManager" version="2"${rendered(attributes)} />\n${text.slice(end)}`;
  }
  let tag = found[0];
  for (const [attribute, value] of Object.entries(attributes)) {
    const known = new RegExp(`(\\s${attribute}=)(?:"[^"]*"|'[^']*')`);
    tag = known.test(tag)
      ? tag.replace(known, (_, start: string) => `${start}"${escaped(value)}"`)
      : tag.replace(/\s*\/?>$/, (end) => `${rendered({ [attribute]: value })}${end}`);
  }
  return text.slice(0, found.index) + tag + text.slice(found.index + found[0].length);
}

function rendered(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escaped(value)}"`)
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
