/** Text that may stand between tags and in attributes. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlValue = string | number | Html | undefined | false | readonly HtmlValue[];

/** Every value is escaped but one that is `Html` already. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(parts.map((part, index) => part + textOf(values[index])).join(''));
}

function textOf(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return value.map(textOf).join('');
}

function escapeHtml(text: string): string {
  // guard: page-escape
  if (/[&<>"']/.test(text)) return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
  return text;
}
