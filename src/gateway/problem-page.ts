import { addressOf, hostOfName } from '../domain/gateway/local-name';
import type { FoundRoute } from '../domain/gateway/name-table';
import { Html, html } from './html';
import { type Problem, STATUS } from './proxy/engine';

export interface PageContext {
  readonly port: number;
  /** Names that there are. */
  readonly names: readonly string[];
}

/** The page for a person whose request reached nobody: what is wrong, and what to type. */
export function problemPage(problem: Problem, context: PageContext): string {
  const { title, body } = wordsOf(problem, context);
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
<main>
<p class="status">${STATUS[problem.kind]}</p>
<h1>${title}</h1>
${body}
<p class="from">This page is from polyenv's gateway.</p>
</main>
</html>
`.text;
}

function wordsOf(problem: Problem, context: PageContext): { readonly title: string; readonly body: Html } {
  switch (problem.kind) {
    case 'unknown': {
      const { names } = context;
      return {
        title: `No project has the name ${hostOfName(problem.name)}`,
        body: html`<p>A project gets its name from its polyenv.toml, and the gateway knows it after:</p>${command('polyenv up')}
${problem.showNames === 'show' && names.length > 0 && html`<p>Names that there are:</p><ul>${names.map((name) => nameItem(name, context.port))}</ul>`}`,
      };
    }
    case 'misdirected':
      return {
        title: 'This address leads nowhere',
        body: html`<p>The gateway answers to names below .localhost, at the port that it listens on, each on a connection of its own.</p>`,
      };
    case 'nowhere':
      return {
        title: `${hostOfName(problem.name)} has nothing at this path`,
        body: html`<p>In [domains] of the project's polyenv.toml no path covers <code>${problem.target.slice(0, 200)}</code>. Write one for "/", and it covers all others.</p>`,
      };
    case 'down':
      return {
        title: `${hostOfName(problem.route.name)} does not answer`,
        body: html`<p>${whatOf(problem.route)} should listen on 127.0.0.1:${problem.route.port}, and nothing does. Start it:</p>${command(startOf(problem.route))}
<p class="quiet">If it runs: let it listen on the port in the variable PORT, on 127.0.0.1.</p>`,
      };
    case 'malformed':
      return {
        title: `${hostOfName(problem.route.name)} gave no answer that can be read`,
        body: html`<p>${whatOf(problem.route)} took the request at 127.0.0.1:${problem.route.port}, but what came back is no HTTP, or nothing. Its own output says more.</p>`,
      };
    case 'foreign':
      return {
        title: 'A page of another site may not do that',
        body: html`<p>${problem.origin ?? 'Another site'} asked for ${hostOfName(problem.name)}. Pages of this machine may; others must be named in polyenv.toml:</p>${command(`origins = ["${problem.origin ?? 'https://app.example.com'}"]`)}`,
      };
    case 'circle':
      return {
        title: 'This request goes round in a circle',
        body: html`<p>It came through this gateway several times. A server behind it asks for a name that leads back to the server.</p>`,
      };
    case 'busy':
      return { title: 'Too many requests are under way', body: html`<p>Wait a moment, and try again.</p>` };
    case 'method':
      return { title: 'That method is not served here', body: html`` };
    case 'request':
      return { title: 'That request cannot be understood', body: html`` };
  }
}

function nameItem(name: string, port: number): Html {
  return html`<li><a href="${addressOf(name, port)}">${hostOfName(name)}</a></li>`;
}

function whatOf({ kind, target }: FoundRoute): string {
  return kind === 'port' ? 'A server' : `The ${kind} ${target}`;
}

function startOf({ kind, target, project }: FoundRoute): string {
  const folder = /^[\w./-]+$/.test(project) ? project : `'${project.replaceAll("'", "'\\''")}'`;
  if (kind === 'port') return `cd ${folder}`;
  return kind === 'task' ? `polyenv -C ${folder} run ${target}` : `polyenv -C ${folder} up ${target}`;
}

function command(text: string): Html {
  return html`<pre><code>${text}</code></pre>`;
}

const STYLE =
  new Html(`:root{color-scheme:light dark;--ink:#1d2330;--soft:#5a6373;--ground:#f7f8fa;--plate:#fff;--line:#dfe3ea;--link:#1f5fae}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#9aa4b5;--ground:#12151b;--plate:#1a1f28;--line:#2b323e;--link:#8ab8f2}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:40rem;margin:12vh auto 2rem;padding:0 1.25rem}.status{margin:0;color:var(--soft);font-variant-numeric:tabular-nums;letter-spacing:.08em}
h1{margin:.2rem 0 1rem;font-size:1.5rem;line-height:1.3;font-weight:650;overflow-wrap:anywhere}
pre{margin:0 0 1rem;padding:.75rem 1rem;background:var(--plate);border:1px solid var(--line);border-radius:8px;overflow-x:auto}
code{font:.9em ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}a{color:var(--link)}ul{padding-left:1.2rem}
.quiet,.from{color:var(--soft)}.from{margin-top:2.5rem;font-size:.85rem}`);
