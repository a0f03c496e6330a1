// What the API of `headrace serve` sends and takes, below /api/v1. Times are RFC 3339 in UTC.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

export interface ApiError {
  error: { code: string; message: string; place: string | null }
}

/** GET /session */
export interface Session {
  access: 'full' | 'read'
  version: string
  startedAt: string
  now: string
}

export type RunStatus = 'running' | 'succeeded' | 'failed' | 'cancelled'

/** What was found in a flow file. `excerpt` is the line with carets below, in monospace. */
export interface Finding {
  code: string
  severity: 'error' | 'warning'
  message: string
  /** what to write instead, where the message does not say it; may be empty */
  cure: string
  place: string
  line: number
  column: number
  excerpt: string
}

export interface Trigger {
  node: string
  component: string
  /** schedule: fires by itself; listens: for HTTP requests; signal: on request alone */
  kind: 'schedule' | 'listens' | 'signal'
  /** `every 1h`, `0 3 * * *`, `POST http://127.0.0.1:8090/orders`; null for a signal */
  when: string | null
  /** false: `control: {start: false}` in the file */
  isStarted: boolean
  /** it does not fire by itself: a person has stopped it, or its file has and nobody has started it */
  isPaused: boolean
  nextFiring: string | null
  /** the payload that it fires with where none is given */
  payload: Json
}

export interface RunSummary {
  id: string
  flow: string
  trigger: string
  version: string
  status: RunStatus
  startedAt: string
  endedAt: string | null
  seconds: number
  tasks: number
  errors: number
  retries: number
  deadLetters: number
}

/** GET /flows -> {flows: FlowSummary[]} */
export interface FlowSummary {
  name: string
  description: string
  path: string
  version: string | null
  /** running: its triggers are followed here; invalid: its file does not load; elsewhere: others have it */
  state: 'running' | 'invalid' | 'elsewhere'
  /** whether its triggers can be fired, paused and resumed, here or by who executes it */
  takesActions: boolean
  /** why it is not running, or why a changed file was not taken over */
  problem: string | null
  findings: Finding[]
  triggers: Trigger[]
  /** the latest runs, the newest first, 20 at most */
  recent: RunSummary[]
  openRuns: number
  deadLetters: number
  /** when the last run ended well, and how long ago in seconds */
  lastSuccess: string | null
  freshSeconds: number | null
}

export interface GraphNode {
  name: string
  component: string
  summary: string
  isTrigger: boolean
  /** lines in the file, from 1; the last one inclusive */
  line: number
  endLine: number
  inputs: string[]
  outputs: { name: string; isError: boolean; isDetached: boolean }[]
}

export interface GraphEdge {
  /** `e0`, `e1` … in the order of the file: the key of its counts */
  id: string
  from: { node: string; port: string }
  to: { node: string; port: string }
  /** what goes over it becomes a task of its own */
  isBoundary: boolean
  closesLoop: boolean
  line: number
}

/** A process that executes a flow. */
export interface Executor {
  /** null: this machine */
  host: string | null
  /** 0: not known */
  process: number
  /** it is the one that answers */
  isSelf: boolean
}

/** GET /flows/{flow} */
export interface FlowDetail extends FlowSummary {
  text: string
  /** of the version that is executed, else of the file; null: the file does not load */
  graph: { nodes: GraphNode[]; edges: GraphEdge[] } | null
  /** null: it is not executed here */
  live: Live | null
  executors: Executor[]
}

export interface NodeLive {
  received: number
  active: number
  failed: number
  /** messages a second, of the last five seconds */
  rate: number
  itemsDone: number
  itemsTotal: number
}

export interface ApiLive {
  api: string
  inFlight: number
  most: number
  waiting: number
  ratePerSecond: number | null
  left: number | null
  resetsAt: string | null
  heldUntil: string | null
  reason: string | null
}

/** The counts of a flow now: since the runs began that are active, or of the last one. */
export interface Live {
  flow: string
  runs: string[]
  elapsedSeconds: number
  done: number
  total: number
  pages: number
  batches: number
  rate: number
  leftSeconds: number | null
  nodes: { [name: string]: NodeLive }
  edges: { [id: string]: { crossed: number; rate: number } }
  apis: ApiLive[]
}

export interface RunError {
  at: string
  code: string
  message: string
  node: string
  place: string
  excerpt: string
  attempt: number
  fate: 'handled' | 'collected' | 'retried' | 'dead' | 'ended' | 'dropped'
  retryable: boolean
  context: { [name: string]: Json }
}

export interface TaskFacts {
  task: string
  node: string
  port: string
  attempt: number
  databaseFailures: number
  interruptions: number
  dueAt: string | null
}

/** One task as it was executed here. Times are seconds since the run began. */
export interface TaskSpan {
  task: string
  node: string
  port: string
  attempt: number
  beganSeconds: number
  seconds: number
  /** running: it is being executed; retried: this attempt failed, another follows */
  result: 'running' | 'done' | 'retried' | 'dead' | 'dropped'
  /** facts of its message that tell which data it was: {page: 3} */
  context: { [name: string]: Json }
}

export interface NodeProfile {
  received: number
  failed: number
  /** own time of the node, without what is below it: of the messages that were timed */
  timed: number
  seconds: number
}

/** What is remembered of how a run went. */
export interface Profile {
  /** the latest tasks, in the order of their beginning; 500 at most */
  tasks: TaskSpan[]
  /** how many tasks were executed before those */
  earlier: number
  /** the slowest tasks, the slowest first; 10 at most */
  slowest: TaskSpan[]
  nodes: { [name: string]: NodeProfile }
  /** over the time of the run, in equal steps: tasks done in each */
  steps: { seconds: number; tasks: number[] }
}

/** GET /runs?flow=&status=&trigger=&after=&before=&limit= -> {runs: RunSummary[], next: string | null}: `before=next` gives the following page */
/** GET /runs/{run} */
export interface RunDetail extends RunSummary {
  scheduledAt: string
  process: number | null
  /** of the flow, while the run is active */
  executors: Executor[]
  /** durable counts: `upsert.inserted` -> 1200 */
  counters: { [name: string]: number }
  /** the first 1,000 */
  errorList: RunError[]
  openTasks: TaskFacts[]
  vars: { [name: string]: Json }
  /** null: the run was executed before this was kept, or elsewhere */
  profile: Profile | null
  /** of the active run */
  live: Live | null
  /** the run of the same flow and trigger before it, to compare with */
  previous: RunSummary | null
  /** whether the graph of its version is still that of the flow */
  isCurrentVersion: boolean
}

/** GET /dead-letters?flow=&run=&node=&code=&text=&before=&limit= -> {letters: DeadLetter[], next, total} (messages left out) */
export interface DeadLetter {
  run: string
  task: string
  flow: string
  node: string
  port: string
  attempts: number
  error: RunError
}

/** GET /dead-letters/{run}/{task} */
export interface DeadLetterDetail extends DeadLetter {
  message: Json
  /** the same as JSON text */
  messageText: string
  /** secrets were taken out of both, so that they are not what the task has */
  isMasked: boolean
}

/** POST /dead-letters/retry and /dead-letters/discard: {letters: [{run, task}]} or {flow?, run?, node?, code?, text?} -> Bulk */
export interface Bulk {
  accepted: { run: string; task: string }[]
  refused: { run: string; task: string; reason: string }[]
}

export interface Sample {
  at: string
  run: string
  direction: 'in' | 'out'
  port: string
  /** masked, and cut where it is long */
  message: Json
  isCut: boolean
}

/** GET /flows/{flow}/nodes/{node} */
export interface NodeDetail {
  name: string
  component: ComponentDetail
  /** as the file has them; names of secrets, never values */
  settings: { [name: string]: Json }
  /** the templates that shape messages for it: `input:` of the node, `data:`/`add:` of edges into it */
  templates: { where: string; line: number; text: string }[]
  live: NodeLive
  profile: NodeProfile | null
  samples: Sample[]
}

export interface ComponentSummary {
  name: string
  summary: string
  isTrigger: boolean
}

export interface ComponentDetail {
  name: string
  summary: string
  documentation: string
  trigger: boolean
  inputs: { name: string; summary: string }[]
  outputs: { name: string; summary: string; error: boolean; detached: boolean }[]
  /** JSON Schema of the settings */
  settings: { [name: string]: Json }
}

/** POST /evaluate {text, data, flow?}: `text` is a template or a bare expression -> Evaluation (status 200 for both) */
export interface Evaluation {
  value: Json
  /** the value as JSON, with numbers as exact as they are; null where there is a problem */
  text: string | null
  problem: {
    code: string
    message: string
    /** what to write instead; may be empty */
    cure: string
    /** the line with carets */
    excerpt: string
    line: number
    column: number
    length: number
  } | null
}

/**
 * POST /flows/{flow}/triggers/{node}/fire {payload?}   -> 202 {run}
 * POST /flows/{flow}/triggers/{node}/pause, /resume    -> 200 Trigger
 * GET  /flows/{flow}/triggers/{node}/firings?count=10  -> {firings: [{at, local}]}
 * POST /flows/validate {text, name?}                   -> {findings: Finding[]}
 * POST /runs/{run}/cancel                              -> 202 {}
 * POST /runs/{run}/retry                               -> Bulk (its dead letters)
 * POST /dead-letters/{run}/{task}/retry {message?}     -> 202 {}
 * DELETE /dead-letters/{run}/{task}                    -> 200 {}
 * GET  /errors?flow=&limit=                            -> {errors: (RunError & {run, flow})[]}
 * GET  /components -> {components: ComponentSummary[]}; GET /components/{module}/{name} -> ComponentDetail
 *
 * GET /events?flow=&run= is a stream of server-sent events; `data` is JSON, `event` one of these names.
 * The client sends Authorization: Bearer, so it reads the stream with fetch, and begins again by itself,
 * with Last-Event-ID. A comment every 15 seconds says that somebody is there. A `reset` event says that events were missed: read everything anew.
 */
export type LiveEvent =
  | { event: 'run_started' | 'run_resumed' | 'run_ended'; data: RunSummary }
  | { event: 'error'; data: RunError & { run: string; flow: string } }
  | { event: 'progress'; data: Live } // of each flow with active runs, twice a second at most
  | { event: 'tasks'; data: { run: string; flow: string; spans: TaskSpan[] } } // twice a second at most; 50 of the latest at most
  | { event: 'flow_changed'; data: { flow: string } } // loaded, changed, removed, paused, resumed
  | { event: 'letters_changed'; data: { flow: string; deadLetters: number } }
  | { event: 'firing_dropped'; data: { flow: string; trigger: string; reason: string } }
  | { event: 'notice'; data: { text: string } }
  | { event: 'reset'; data: Record<string, never> }
