import { addressOf, hostOfName } from '../../domain/gateway/local-name';
import { counted } from '../../domain/words/counted';
import { type Html, html } from '../html';
import { ACTIONS, type Action, actionFor, type Wanted } from './actions';
import type { Job } from './jobs';
import type { Overview, SeenProject, SeenService, Sizes } from './overview';

export interface PageOf {
  readonly title: string;
  /** Where style and script lie; absent on a page for who has no session. */
  readonly base?: string;
  /** Where the style alone lies. */
  readonly style?: string;
  readonly stream?: string;
  /** What the page does when what it shows has ended. */
  readonly atEnd?: 'reload';
  /** Seconds until the page is asked for again where no script runs. */
  readonly again?: number;
  readonly body: Html;
}

export interface Place {
  /** `/d/<path>` */
  readonly base: string;
  readonly token: string;
  readonly port: number;
  readonly version: string;
}

function page({ title, base, style, stream, atEnd, again, body }: PageOf): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
${base !== undefined && html`<link rel="stylesheet" href="${base}/style.css"><script src="${base}/page.js" defer></script>`}
${style !== undefined && html`<link rel="stylesheet" href="${style}">`}
${again !== undefined && html`<noscript><meta http-equiv="refresh" content="${again}"></noscript>`}
</head>
<body${stream !== undefined && html` data-stream="${stream}"`}${atEnd !== undefined && html` data-at-end="${atEnd}"`}>
${body}
</body>
</html>
`.text;
}

export function overviewPage(
  place: Place,
  seen: Overview,
  of: { readonly jobs: readonly Job[]; readonly known: boolean; readonly position: string },
): string {
  const { projects, sizes } = seen;
  return page({
    title: 'polyenv',
    base: place.base,
    stream: `${place.base}/events?after=${of.position}`,
    ...(!of.known && { again: 2 }),
    body: html`<a class="skip" href="#main">To the projects</a>
<header class="top"><h1 class="brand">polyenv</h1>${sumOf(seen)}<p class="live" id="live">${of.known ? 'as of now' : 'looking…'}</p></header>
<main id="main">
${of.jobs.some(({ state }) => state === 'running') && jobList(place, of.jobs)}
<section aria-labelledby="projects"><h2 id="projects">Projects</h2>
${projects.length > 6 && html`<p class="find" hidden><input id="find" type="search" placeholder="Find a project, runtime, service or name" aria-label="Find a project"></p>`}
${projects.map((project) => projectOf(place, project, projects.length < 4 ? 'open' : 'closed'))}
${projects.length > 0 ? html`<p class="empty" id="none" hidden>Nothing here has those words.</p>` : noProjects(of.known)}
</section>
${sizes !== undefined && projects.length > 0 && diskOf(place, sizes)}
</main>
${footer(place)}`,
  });
}

function noProjects(known: boolean): Html {
  if (!known) return html`<div class="plate empty"><p><strong>Looking at your projects</strong></p></div>`;
  return html`<div class="plate empty"><p><strong>No project yet.</strong></p>
<p>In a folder of yours, pin a runtime, and it shows up here:</p><p><code class="command">polyenv use node@lts</code></p></div>`;
}

function sumOf({ projects, sizes }: Overview): Html {
  const services = projects.flatMap((project) => project.services);
  const running = services.filter(({ state }) => state === 'running').length;
  const findings = projects.flatMap((project) => project.findings).filter(({ level }) => level !== 'note').length;
  return html`<p class="sum"><span id="sum-projects">${counted(projects.length, 'project')}</span>${services.length > 0 && html`<span id="sum-running">${running} of ${counted(services.length, 'service')} running</span>`}${findings > 0 && html`<span id="sum-findings">${counted(findings, 'thing')} to look at</span>`}${sizes !== undefined && html`<span>${bytes(sizes.total)} on disk</span>`}</p>`;
}

function projectOf(place: Place, project: SeenProject, how: 'open' | 'closed'): Html {
  const { id, name, folder, runtimes, services, names, findings } = project;
  const words = [
    name,
    folder,
    ...runtimes.flatMap(({ tool, version }) => [tool, version]),
    ...services.flatMap((one) => [one.name, one.kind]),
    ...names.map((one) => hostOfName(one.name)),
  ];
  const told = findings.filter(({ level }) => level !== 'note');
  return html`<details class="project" data-project="${id}" data-words="${words.join(' ').toLowerCase()}"${how === 'open' && html` open`}>
<summary><span class="who"><span class="title" title="${name}">${name}</span><span class="folder" title="${folder}">${shortened(folder)}</span></span>
<span class="chips">${runtimes.map(({ tool, version, request }) => html`<span class="chip"><b>${tool}</b> ${version ?? request}</span>`)}${names.slice(0, 2).map((one) => html`<span class="chip soft">${hostOfName(one.name)}</span>`)}</span>
<span class="marks">${services.length > 0 && html`<span id="run-${id}" class="${runningMark(services).name}">${runningMark(services).text}</span>`}${told.length > 0 && html`<span class="mark ${told.some(({ level }) => level === 'error') ? 'bad' : 'warn'}">${told.length} to look at</span>`}</span></summary>
<div class="inside"><p class="path">${folder}</p>
${findings.length > 0 && html`<div><h3>To look at</h3><ul class="findings">${findings.map((finding) => findingOf(place, project, finding))}</ul></div>`}
${names.length > 0 && html`<div><h3>Names</h3>${namesOf(project, place.port)}</div>`}
${services.length > 0 && html`<div><h3>Services</h3>${servicesOf(place, project)}</div>`}
${runtimes.length > 0 && html`<div><h3>Runtimes</h3>${runtimesOf(project)}</div>`}
<div class="buttons">${services.length > 0 && [button(place, { action: 'up', project }), button(place, { action: 'down', project })]}${runtimes.length > 0 && [button(place, { action: 'install', project }), button(place, { action: 'upgrade', project })]}</div>
</div></details>`;
}

export function runningMark(services: readonly SeenService[]): { readonly text: string; readonly name: string } {
  const running = services.filter(({ state }) => state === 'running').length;
  const exited = services.some(({ state }) => state === 'exited');
  return {
    text: running === 0 ? 'not running' : `${running} of ${services.length} running`,
    name: exited ? 'mark bad' : running > 0 ? 'mark good' : 'mark',
  };
}

function findingOf(
  place: Place,
  project: SeenProject,
  { level, message, where, hint }: SeenProject['findings'][number],
): Html {
  const found = actionFor(hint);
  const action =
    found !== undefined && (found.service === undefined || project.services.some(({ name }) => name === found.service))
      ? found
      : undefined;
  const said = project.services.find(({ name }) => name === action?.service)?.said ?? [];
  const tone = level === 'error' ? 'bad' : level === 'warning' ? 'warn' : 'note';
  return html`<li class="${tone}"><div><p>${message}</p>${where !== undefined && html`<p class="where">${where}</p>`}${said.length > 0 && html`<pre class="said">${said.map((line) => `${line}\n`)}</pre>`}</div>
<div class="buttons"><code class="command">${hint}</code>${action !== undefined && button(place, { ...action, project })}</div></li>`;
}

function namesOf({ names }: SeenProject, port: number): Html {
  return html`<table><caption>Names</caption><thead><tr><th scope="col">Address</th><th scope="col">Leads to</th><th scope="col"><span class="aside">Actions</span></th></tr></thead><tbody>
${names.map(({ name, routes }) => {
  const address = addressOf(name, port);
  return html`<tr><th scope="row">${name.startsWith('*') ? hostOfName(name) : html`<a href="${address}" rel="noreferrer">${hostOfName(name)}</a>`}</th>
<td data-label="Leads to">${routes.map(({ path, kind, target, port: to }, index) => html`${index > 0 && ', '}${path !== '/' && html`<code>${path}</code> `}${kind === 'port' ? 'port' : `${kind} ${target}, port`} ${to}`)}${routes.length === 0 && 'nothing yet'}</td>
<td class="acts"><button type="button" data-copy="${address}" aria-label="Copy the address of ${name}" hidden>Copy</button></td></tr>`;
})}
</tbody></table>`;
}

function servicesOf(place: Place, project: SeenProject): Html {
  return html`<table><caption>Services</caption><thead><tr><th scope="col">Name</th><th scope="col">Kind</th><th scope="col">State</th><th scope="col">Address</th><th scope="col">Memory</th><th scope="col">Data</th><th scope="col"><span class="aside">Actions</span></th></tr></thead><tbody>
${project.services.map((service) => {
  const { name, kind, version, address, memory, data } = service;
  const [state, memoryId] = [partId('state', project, name), partId('memory', project, name)];
  const on = service.state === 'running';
  const act = (action: Action) => button(place, { action, project, service: name });
  return html`<tr><th scope="row">${name}</th><td data-label="Kind">${kind} ${version}</td>
<td data-label="State"><span id="${state}" class="${stateName(service)}">${stateText(service)}</span></td>
<td class="number" data-label="Address">${address ?? '–'}</td><td class="number" data-label="Memory"><span id="${memoryId}">${memory === undefined ? '–' : bytes(memory)}</span></td><td class="number" data-label="Data">${data === undefined ? '–' : bytes(data)}</td>
<td class="acts"><div class="buttons">${on ? [act('stop'), act('restart')] : act('start')}${data !== undefined && act('snapshot')}${address !== undefined && act('url')}<a class="button" href="${place.base}/log/${logId(project, name)}" aria-label="Log ${name} ${project.name}">Log</a></div></td></tr>`;
})}
</tbody></table>`;
}

function runtimesOf({ runtimes }: SeenProject): Html {
  return html`<table><caption>Runtimes</caption><thead><tr><th scope="col">Runtime</th><th scope="col">Asked for</th><th scope="col">Installed</th><th scope="col">By</th></tr></thead><tbody>
${runtimes.map(({ title, request, version, linked, from }) => html`<tr><th scope="row">${title}</th><td data-label="Asked for">${request}</td><td data-label="Installed">${version === undefined ? html`<span class="state bad">not installed</span>` : html`${version}${linked && ' (linked)'}`}</td><td class="from" data-label="By">${from}</td></tr>`)}
</tbody></table>`;
}

function diskOf(place: Place, sizes: Sizes): Html {
  const kinds = kindsOf(sizes);
  const parts = partsOf(sizes);
  const [shown, small] = [parts.slice(0, LARGEST), parts.slice(LARGEST)];
  const rest = { name: counted(small.length, 'smaller part'), size: sum(small), users: '' };
  return html`<section aria-labelledby="disk"><h2 id="disk">Disk</h2><div class="plate disk"><table><caption>Disk use by kind</caption>${COLUMNS}<tbody>
${barsOf(kinds)}
<tr class="all"><th scope="row">in all</th><td></td><td class="number">${bytes(sizes.total)}</td><td class="users"></td></tr>
</tbody></table><div class="buttons">${button(place, { action: 'prune' })}<span class="sum">what no project needs any more</span></div>${
    parts.length > 0 &&
    html`<h3>The largest</h3><table><caption>The largest parts</caption>${COLUMNS}<tbody>
${barsOf(small.length > 0 ? [...shown, rest] : shown)}
</tbody></table>`
  }</div></section>`;
}

const COLUMNS = html`<colgroup><col class="name"><col><col class="amount"><col class="why"></colgroup>`;

/** Rows of the second table. */
const LARGEST = 10;

interface DiskPart {
  readonly name: string;
  readonly size: number;
  readonly users: string;
}

function kindsOf({ toolchains, environments, services, orphans, cache, downloads, unfinished, other }: Sizes) {
  const own = toolchains.filter(({ linked }) => !linked);
  return [
    { name: 'Runtimes', size: sum(own.map(({ bytes: size }) => ({ size }))), users: `${own.length} in the store` },
    {
      name: 'Data of services',
      size: sum(services.map(({ bytes: size }) => ({ size }))),
      users: 'with their snapshots and logs',
    },
    {
      name: 'Packages of projects',
      size: orphans + sum(environments.map(({ bytes: size }) => ({ size }))),
      users: 'what their tools installed',
    },
    { name: 'Caches and the rest', size: cache + downloads + unfinished + other, users: 'made again when needed' },
  ];
}

/** The largest first. */
function partsOf({ toolchains, environments, services, orphans }: Sizes): readonly DiskPart[] {
  return [
    ...toolchains
      .filter(({ linked }) => !linked)
      .map(({ tool, version, bytes: size, usedBy }) => ({
        name: `${tool} ${version}`,
        size,
        users: usedBy.length === 0 ? 'used by no project' : `used by ${counted(usedBy.length, 'project')}`,
      })),
    ...services.map(({ name, kind, project, gone, bytes: size }) => ({
      name: `${name} of ${shortened(project)}`,
      size,
      users: gone ? `data of ${kind}, the folder is gone` : `data of ${kind}`,
    })),
    ...environments.map(({ folder, bytes: size }) => ({
      name: shortened(folder),
      size,
      users: 'packages',
    })),
    { name: 'folders that are gone', size: orphans, users: 'packages' },
  ]
    .filter(({ size }) => size > 100_000)
    .toSorted((a, b) => b.size - a.size);
}

function barsOf(parts: readonly DiskPart[]): Html {
  const most = Math.max(1, ...parts.map(({ size }) => size));
  return html`${parts.map(({ name, size, users }) => html`<tr><th scope="row" title="${name}">${name}</th><td><svg aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 1"><rect width="${((size / most) * 100).toFixed(2)}" height="1"></rect></svg></td><td class="number">${bytes(size)}</td><td class="users">${users}</td></tr>`)}`;
}

function sum(parts: readonly { readonly size: number }[]): number {
  return parts.reduce((total, { size }) => total + size, 0);
}

function jobList(place: Place, jobs: readonly Job[]): Html {
  return html`<section aria-labelledby="work"><h2 id="work">At work</h2><ul class="plate jobs">${jobs
    .filter(({ state }) => state === 'running')
    .map(
      ({ id, title, shown }) => html`<li><a href="${place.base}/job/${id}">${title}</a> <code>${shown}</code></li>`,
    )}</ul></section>`;
}

function button(place: Place, { action, project, service }: Wanted): Html {
  const { title } = ACTIONS[action];
  const about = [title, service, project?.name].filter((word) => word !== undefined).join(' ');
  return html`<form method="post" action="${place.base}/act"><input type="hidden" name="token" value="${place.token}"><input type="hidden" name="action" value="${action}">${project !== undefined && html`<input type="hidden" name="project" value="${project.id}">`}${service !== undefined && html`<input type="hidden" name="service" value="${service}">`}<button aria-label="${about}">${title}</button></form>`;
}

export function jobPage(
  place: Place,
  job: Job,
  { asking, position }: { readonly asking: Wanted | undefined; readonly position: string },
): string {
  const ended = job.state !== 'running';
  return page({
    title: `${job.title} · polyenv`,
    base: place.base,
    ...(!ended && { stream: `${place.base}/job/${job.id}/events?after=${position}`, again: 2 }),
    // Only then is there something to agree to.
    ...(asking !== undefined && !ended && { atEnd: 'reload' as const }),
    body: html`<header class="top"><p class="brand"><a href="${place.base}/">polyenv</a></p></header>
<main class="plain"><h1>${job.title}</h1>
<p class="row"><code class="command">${job.shown}</code> <span id="job-state" class="${jobName(job)}" role="status">${job.state}</span></p>
<pre id="log" tabindex="0" aria-label="What it prints">${job.lines.map((line) => `${line}\n`)}</pre>
<p class="row">${asking !== undefined && job.state === 'done' && confirmForm(place, asking, job)}<a href="${place.base}/">Back to the projects</a></p>
${!ended && html`<p class="sum">It goes on when you close this page.</p>`}
</main>${footer(place)}`,
  });
}

export interface ShownLog {
  readonly project: SeenProject;
  readonly service: SeenService;
  readonly id: string;
  readonly lines: readonly string[];
  readonly position: string;
}

/** What a service prints, as it prints it. */
export function logPage(place: Place, { project, service, id, lines, position }: ShownLog): string {
  return page({
    title: `Log of ${service.name} · polyenv`,
    base: place.base,
    stream: `${place.base}/log/${id}/events?after=${position}`,
    again: 5,
    body: html`<header class="top"><p class="brand"><a href="${place.base}/">polyenv</a></p><p class="live" id="live">as of now</p></header>
<main class="plain wide"><h1>Log of ${service.name}</h1>
<p class="row"><span class="sum">${service.kind} ${service.version} in ${project.name}</span> <span class="${stateName(service)}">${stateText(service)}</span></p>
<pre id="log" class="tail" tabindex="0" aria-label="What ${service.name} prints">${lines.map((line) => `${line}\n`)}</pre>
<p class="row"><code class="command">polyenv logs ${service.name} -f</code><a href="${place.base}/">Back to the projects</a></p>
</main>${footer(place)}`,
  });
}

/** What stands for the log in URLs. */
export function logId({ id }: SeenProject, service: string): string {
  return `${id}-${service}`;
}

export function jobName({ state }: Pick<Job, 'state'>): string {
  return state === 'running' ? 'state warn' : state === 'done' ? 'state good' : 'state bad';
}

/** What would happen is above: this does it. */
function confirmForm(place: Place, { action, project }: Wanted, { id }: Job): Html {
  return html`<form method="post" action="${place.base}/act"><input type="hidden" name="token" value="${place.token}"><input type="hidden" name="action" value="${action}"><input type="hidden" name="shown" value="${id}">${project !== undefined && html`<input type="hidden" name="project" value="${project.id}">`}<button class="main">${ACTIONS[action].title}, as shown</button></form>`;
}

/** For who has a link that is still good: one button, so that neither a preview nor a redirect uses it up. */
export function loginPage(path: string): string {
  return page({
    title: 'polyenv',
    style: `${path}/style.css`,
    body: html`<main class="plain login"><h1>polyenv</h1><p>See the projects of this machine in this browser.</p>
<form method="post" action="${path}"><button class="main" autofocus>Open the dashboard</button></form></main>`,
  });
}

export function refusedPage(title: string, text: string): string {
  return page({
    title: 'polyenv',
    body: html`<main><h1>${title}</h1><p>${text}</p><p>To open the dashboard, type in a terminal:</p><pre>polyenv dashboard</pre></main>`,
  });
}

function footer({ port, version }: Place): Html {
  return html`<footer><p>polyenv ${version}, at port ${port} of this machine only.</p></footer>`;
}

export function stateText({ state, declared }: SeenService): string {
  return declared ? state : `${state}, not in the manifest`;
}

export function stateName({ state }: SeenService): string {
  return state === 'running' ? 'state good' : state === 'exited' || state === 'elsewhere' ? 'state bad' : 'state';
}

export function partId(part: 'state' | 'memory', { id }: SeenProject, service: string): string {
  return `${part}-${id}-${service}`;
}

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length, Math.floor(Math.log10(size) / 3));
  const value = size / 1000 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power - 1]}`;
}

/** The last parts: those tell one folder from another. */
function shortened(folder: string): string {
  const parts = folder.split('/').filter((part) => part !== '');
  return parts.length <= 3 ? folder : `…/${parts.slice(-3).join('/')}`;
}
