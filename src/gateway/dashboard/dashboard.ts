import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { isDeepStrictEqual } from 'node:util';
import type { Home } from '../../adapters/home/paths';
import { tailServiceLog } from '../../app/services/log-tail';
import { valuesOf } from '../../domain/gateway/header-rules';
import { DASHBOARD_NAME, hostOfName } from '../../domain/gateway/local-name';
import { present } from '../../domain/words/present';
import type { Host } from '../../host';
import type { Exchange } from '../proxy/exchange';
import { ACTIONS, commandOf, type Wanted, wantedIn } from './actions';
import { Feed } from './feed';
import { type Job, Jobs } from './jobs';
import { type Overview, OverviewSource, type SeenProject, type SeenService } from './overview';
import script from './page.js?raw';
import {
  bytes,
  jobName,
  jobPage,
  logId,
  loginPage,
  logPage,
  overviewPage,
  type Place,
  partId,
  refusedPage,
  runningMark,
  stateName,
  stateText,
} from './pages';
import { peerUser } from './peer';
import { COOKIE, cookieOf, hasOwnOrigin, isFromUs, readForm, SECURITY_HEADERS } from './rules';
import { KEY_SECONDS, type Session, Sessions } from './sessions';
import style from './style.css?raw';
import { Tails } from './tails';

export interface DashboardOptions {
  readonly home: Home;
  readonly host: Host;
  log(text: string): void;
  /** Counts milliseconds. */
  readonly tick?: () => number;
}

export interface Dashboard {
  handle(exchange: Exchange): Promise<void>;
  /** A link that is good once. */
  newKey(port: number): string;
  /** How many sessions it ended. */
  revoke(): number;
  sessions(): number;
  hasReaders(): boolean;
  close(): void;
}

/** Milliseconds for which a first page waits for a first look. */
const FIRST_LOOK = 60;
/** Milliseconds between two looks while somebody reads. */
const LOOK_EVERY = 10_000;

export function openDashboard(options: DashboardOptions): Dashboard {
  const { host, home, log, tick = () => performance.now() } = options;
  const sessions = new Sessions(tick);
  const feed = new Feed();
  const program = { node: host.node, program: host.program, env: { ...host.env, POLYENV_HOME: home.root } };
  const source = new OverviewSource(program, (before, after) => {
    const parts = changesOf(before, after);
    if (parts !== undefined) feed.send('overview', parts);
  });
  const tails = new Tails({
    follow: ({ project, name }, hear) => tailServiceLog({ home, project, name }, hear),
    heard: (topic, lines) => feed.send(topic, { lines }),
    readersOf: (topic) => feed.readersOf(topic),
    closed: (topic) => feed.forget(topic),
  });
  const jobs = new Jobs(program, join(home.gateway, 'jobs'), (job, { lines, state }) => {
    const part = state === undefined ? {} : { parts: [{ id: 'job-state', text: state, name: jobName({ state }) }] };
    feed.send(`job ${job.id}`, { ...part, ...present({ lines }) });
    if (state !== undefined) source.refresh().then(() => feed.send('overview', { reload: true }));
  });
  const timer = setInterval(() => {
    if (feed.readers > 0 && source.age > LOOK_EVERY) void source.refresh();
  }, 2000);
  timer.unref();
  const desk = new Desk({ sessions, feed, source, jobs, tails, uid: host.uid });
  return {
    handle: (exchange) => desk.handle(exchange),
    newKey: (port) => {
      void source.refresh();
      forgetOpeners(home, KEY_SECONDS);
      return `https://${hostOfName(DASHBOARD_NAME)}:${port}/login/${sessions.newKey()}`;
    },
    revoke: () => {
      const ended = sessions.revoke();
      feed.endAll();
      log(`ended ${ended} sessions of the dashboard`);
      return ended;
    },
    sessions: () => sessions.count,
    hasReaders: () => feed.readers > 0 || jobs.running > 0,
    close: () => {
      clearInterval(timer);
      tails.close();
      feed.close();
    },
  };
}

/** The files by which browsers were sent to a link are of no use once it has run out. */
function forgetOpeners(home: Home, seconds: number): void {
  const folder = join(home.gateway, 'run');
  setTimeout(
    () => {
      try {
        for (const name of readdirSync(folder).filter((one) => one.startsWith('open-'))) {
          const file = join(folder, name);
          if (Date.now() - statSync(file).mtimeMs >= seconds * 1000) rmSync(file, { force: true });
        }
      } catch {
        // The home is gone.
      }
    },
    (seconds + 1) * 1000,
  ).unref();
}

const CSS = 'text/css; charset=utf-8';

interface DeskOptions {
  readonly sessions: Sessions;
  readonly feed: Feed;
  readonly source: OverviewSource;
  readonly jobs: Jobs;
  readonly tails: Tails;
  readonly uid: number | undefined;
}

/** Answers requests under the dashboard's name, by the rules of the security model. */
class Desk {
  readonly #of: DeskOptions;

  constructor(of: DeskOptions) {
    this.#of = of;
  }

  async handle(exchange: Exchange): Promise<void> {
    const [path = '/'] = exchange.target.split('?');
    const [, login, own] = /^\/login\/([\w-]{43})(\/style\.css)?$/.exec(path) ?? [];
    if (login !== undefined && own !== undefined && this.#of.sessions.isGood(login))
      return answer(exchange, 200, style, CSS);
    if (login !== undefined) return this.#login(exchange, login);
    // guard: dashboard-site
    if (!isFromUs(exchange))
      return answer(
        exchange,
        403,
        refusedPage('That page may not ask for this', 'The dashboard answers to its own pages only.'),
      );
    const [, half = '', rest = '/'] = /^\/d\/([\w-]{43})(\/.*)?$/.exec(path) ?? [];
    const session = this.#of.sessions.find(half, cookieOf(exchange));
    if (session === undefined) {
      return answer(
        exchange,
        401,
        refusedPage('The dashboard is not open here', 'Its session has ended, or was never opened in this browser.'),
      );
    }
    if (exchange.method === 'POST') return this.#act(exchange, session, rest);
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return answer(exchange, 405, 'no such method');
    return this.#show(exchange, session, rest);
  }

  /** Reachable from anywhere, as a link is; looking changes nothing. */
  async #login(exchange: Exchange, key: string): Promise<void> {
    const { sessions } = this.#of;
    const used = refusedPage('This link is no longer good', 'It could be used once, for a minute.');
    if (exchange.method === 'GET' || exchange.method === 'HEAD') {
      return sessions.isGood(key) ? answer(exchange, 200, loginPage(exchange.target)) : answer(exchange, 403, used);
    }
    // guard: dashboard-login-origin
    if (exchange.method !== 'POST' || !hasOwnOrigin(exchange) || !this.#isPerson(exchange)) {
      return answer(exchange, 403, refusedPage('That page may not open it', 'Open the link by itself.'));
    }
    const session = sessions.open(key);
    if (session === undefined) return answer(exchange, 403, used);
    send(exchange, {
      status: 303,
      headers: [
        ['Location', `/d/${session.path}/`],
        ['Set-Cookie', `${COOKIE}=${session.cookie}; Path=/; Secure; HttpOnly; SameSite=Strict`],
      ],
    });
  }

  /** Other users of the machine reach the port too. */
  #isPerson({ client }: Exchange): boolean {
    const { uid } = this.#of;
    const peer = peerUser(client);
    // guard: dashboard-peer
    if (uid !== undefined && peer !== undefined && peer !== uid) return false;
    return true;
  }

  async #act(exchange: Exchange, session: Session, rest: string): Promise<void> {
    const refused = refusedPage('That was not done', 'The request did not come from a button of this page.');
    // guard: dashboard-origin
    if (!hasOwnOrigin(exchange) || !this.#isPerson(exchange)) return answer(exchange, 403, refused);
    const form = rest === '/act' ? await readForm(exchange) : undefined;
    // guard: dashboard-token
    if (form?.get('token') !== session.token) return answer(exchange, 403, refused);
    const wanted = wantedIn(form, this.#of.source.kept.projects);
    if (wanted === undefined)
      return answer(exchange, 400, refusedPage('That is not offered', 'The page may be older than what is there now.'));
    const shown = this.#shownBy(wanted, form.get('shown'));
    const asks = ACTIONS[wanted.action].ask === 'yes' && shown === undefined;
    const command = commandOf(wanted, asks ? 'look' : 'do', shown);
    if (command === undefined)
      return answer(exchange, 400, refusedPage('There is nothing to do', 'What was shown needs no yes.'));
    const job = this.#of.jobs.start(command);
    const base = `/d/${session.path}`;
    const query = asks
      ? `?${new URLSearchParams([
          ['ask', wanted.action],
          ['project', wanted.project?.id ?? ''],
        ])}`
      : '';
    send(exchange, { status: 303, headers: [['Location', `${base}/job/${job.id}${query}`]] });
  }

  /** What that job printed, if it has shown what this would do: nothing that asks is done unseen. */
  #shownBy(wanted: Wanted, id: string | undefined): readonly string[] | undefined {
    const job = this.#of.jobs.find(id ?? '');
    // guard: dashboard-shown
    if (job?.state !== 'done' || !isDeepStrictEqual(job.args, commandOf(wanted, 'look')?.args)) return undefined;
    return job?.lines ?? [];
  }

  async #show(exchange: Exchange, session: Session, rest: string): Promise<void> {
    const { source, jobs, feed } = this.#of;
    const base = `/d/${session.path}`;
    const place = { base, token: session.token, port: portOf(exchange), version: __VERSION__ };
    if (rest === '/') {
      if (!source.isKnown) await Promise.race([source.refresh(), new Promise((done) => setTimeout(done, FIRST_LOOK))]);
      else if (source.age > LOOK_EVERY) void source.refresh();
      const of = { jobs: jobs.all, known: source.isKnown, position: feed.position };
      return answer(exchange, 200, overviewPage(place, source.kept, of));
    }
    if (rest === '/style.css') return answer(exchange, 200, style, CSS);
    if (rest === '/page.js') return answer(exchange, 200, script, 'text/javascript; charset=utf-8');
    if (rest === '/events') return this.#stream(exchange, session, 'overview');
    const [, ofJob, id = '', events] = /^\/(job|log)\/([\w-]{1,120})(\/events)?$/.exec(rest) ?? [];
    const job = ofJob === 'job' ? jobs.find(id) : undefined;
    const log = ofJob === 'log' ? findLog(source.kept, id) : undefined;
    if (job === undefined && log === undefined)
      return answer(
        exchange,
        404,
        refusedPage('There is nothing here', 'The page may be older than what is there now.'),
      );
    if (events !== undefined) return this.#stream(exchange, session, `${ofJob} ${id}`);
    if (job !== undefined) return this.#showJob(exchange, place, job);
    if (log !== undefined) return this.#showLog(exchange, place, { ...log, id });
  }

  #stream(exchange: Exchange, session: Session, topic: string): void {
    const [lastId] = valuesOf(exchange.lines, 'last-event-id');
    // A browser says the last only when it comes back: a new page says where it was made.
    const after = lastId ?? new URLSearchParams(exchange.target.split('?')[1] ?? '').get('after') ?? undefined;
    this.#of.feed.open(exchange, { topic, after, isLetIn: () => this.#of.sessions.isOpen(session) });
  }

  async #showLog(
    exchange: Exchange,
    place: Place,
    { project, service, id }: { readonly project: SeenProject; readonly service: SeenService; readonly id: string },
  ): Promise<void> {
    const { tails, feed } = this.#of;
    const { lines } = await tails.open({ project: project.folder, name: service.name, topic: `log ${id}` });
    answer(exchange, 200, logPage(place, { project, service, id, lines, position: feed.position }));
  }

  #showJob(exchange: Exchange, place: Place, job: Job): void {
    const query = new URLSearchParams(exchange.target.split('?')[1] ?? '');
    const asked = new Map([
      ['action', query.get('ask') ?? ''],
      ['project', query.get('project') ?? ''],
    ]);
    const asking = wantedIn(asked, this.#of.source.kept.projects);
    const asks = asking !== undefined && ACTIONS[asking.action].ask === 'yes' ? asking : undefined;
    answer(exchange, 200, jobPage(place, job, { asking: asks, position: this.#of.feed.position }));
  }
}

/** The service whose log has that address. */
function findLog({ projects }: Overview, id: string) {
  for (const project of projects) {
    const service = project.services.find(({ name }) => logId(project, name) === id);
    if (service !== undefined) return { project, service };
  }
  return undefined;
}

/** What of the page says something else now; `reload` where more than words differs; `undefined` where nothing does. */
export function changesOf(before: Overview, after: Overview): unknown {
  if (JSON.stringify(shapeOf(before)) !== JSON.stringify(shapeOf(after))) return { reload: true };
  const parts = after.projects.flatMap((project, index) => {
    const old = before.projects[index];
    return old === undefined ? [] : partsOf(old, project);
  });
  return parts.length === 0 ? undefined : { parts };
}

function partsOf(old: SeenProject, project: SeenProject): readonly { id: string; text: string; name?: string }[] {
  const parts = project.services.flatMap((service, index) => {
    const memory = service.memory === undefined ? '–' : bytes(service.memory);
    const was = old.services[index]?.memory;
    return was === service.memory ? [] : [{ id: partId('memory', project, service.name), text: memory }];
  });
  return parts;
}

/** All but what changes from one look to the next. */
function shapeOf({ projects, sizes }: Overview): unknown {
  return {
    measured: sizes !== undefined,
    projects: projects.map(({ services, data: _, ...project }) => ({
      ...project,
      mark: runningMark(services),
      services: services.map((service) => [
        service.name,
        service.kind,
        service.version,
        service.address,
        stateText(service),
        stateName(service),
      ]),
    })),
  };
}

function portOf({ authorities }: Exchange): number {
  return Number(/:(\d+)$/.exec(authorities[0] ?? '')?.[1] ?? 443);
}

interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Buffer;
}

function answer(exchange: Exchange, status: number, text: string, type = 'text/html; charset=utf-8'): void {
  const body = Buffer.from(text);
  send(exchange, { status, headers: [['Content-Type', type]], body });
}

function send(exchange: Exchange, { status, headers, body = Buffer.alloc(0) }: Answer): void {
  const lines = [...SECURITY_HEADERS, ...headers, ['Content-Length', String(body.length)] as const];
  const empty = exchange.method === 'HEAD';
  const out = exchange.respond(status, lines, empty ? 'none' : 'whole');
  out.on('error', () => undefined);
  if (exchange.hasBody) exchange.body.resume();
  if (empty) out.end();
  else out.end(body);
}
