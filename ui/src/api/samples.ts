/** Values for tests: whole, and unremarkable but for what is given. */
import type { DeadLetter, FlowSummary, Live, RunDetail, RunError, RunSummary, TaskSpan } from './types'

export const runOf = (given: Partial<RunSummary>): RunSummary => ({
  id: 'r0',
  flow: 'users',
  trigger: 'hourly',
  version: 'v1',
  status: 'succeeded',
  startedAt: '2026-03-01T12:00:00Z',
  endedAt: '2026-03-01T12:01:00Z',
  seconds: 60,
  tasks: 10,
  errors: 0,
  retries: 0,
  deadLetters: 0,
  ...given,
})

export const flowOf = (given: Partial<FlowSummary>): FlowSummary => ({
  name: 'users',
  description: '',
  path: 'users.yaml',
  version: 'v1',
  state: 'running',
  takesActions: true,
  problem: null,
  findings: [],
  triggers: [],
  recent: [],
  openRuns: 0,
  deadLetters: 0,
  lastSuccess: null,
  freshSeconds: null,
  ...given,
})

export const errorOf = (given: Partial<RunError>): RunError => ({
  at: '2026-03-01T12:00:30Z',
  code: 'HR503',
  message: 'not null',
  node: 'write',
  place: 'users.yaml:18:45',
  excerpt: '',
  attempt: 1,
  fate: 'handled',
  retryable: false,
  context: {},
  ...given,
})

export const spanOf = (given: Partial<TaskSpan>): TaskSpan => ({
  task: 't0',
  node: 'fetch',
  port: 'request',
  attempt: 1,
  beganSeconds: 0,
  seconds: 1,
  result: 'done',
  context: {},
  ...given,
})

export const liveOf = (given: Partial<Live>): Live => ({
  flow: 'users',
  runs: ['r0'],
  elapsedSeconds: 10,
  done: 1,
  total: 10,
  pages: 1,
  batches: 10,
  rate: 1,
  leftSeconds: 9,
  nodes: {},
  edges: {},
  apis: [],
  ...given,
})

export const detailOf = (given: Partial<RunDetail>): RunDetail => ({
  ...runOf({ status: 'running', endedAt: null }),
  scheduledAt: '2026-03-01T12:00:00Z',
  process: 1,
  executors: [],
  counters: {},
  errorList: [],
  openTasks: [],
  vars: {},
  profile: { tasks: [], earlier: 0, slowest: [], nodes: {}, steps: { seconds: 1, tasks: [] } },
  live: null,
  previous: null,
  isCurrentVersion: true,
  ...given,
})

export const letterOf = (given: Partial<DeadLetter>): DeadLetter => ({
  run: 'r0',
  task: 't0',
  flow: 'users',
  node: 'write',
  port: 'query',
  attempts: 5,
  error: errorOf({ fate: 'dead' }),
  ...given,
})
