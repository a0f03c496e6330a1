/** How a batch of live events changes what was read. Each function gives its argument back where nothing changed. */
import { type Batch, MOST_ERRORS, MOST_SPANS, spanKey } from './batch'
import { laterLive } from './later'
import type { RunFilter, RunPage } from './queries'
import { RUNS_A_PAGE } from './queries'
import type { FlowSummary, RunDetail, RunError, RunSummary, TaskSpan } from './types'

const MOST_RECENT = 20

function byStart(left: RunSummary, right: RunSummary): number {
  return right.startedAt.localeCompare(left.startedAt) || right.id.localeCompare(left.id)
}

/** Replaces runs where they are, adds those that are not, and keeps the newest `most`. */
function upsertRuns(runs: RunSummary[], changed: RunSummary[], most: number): RunSummary[] {
  if (changed.length === 0) return runs
  const byId = new Map([...runs, ...changed].map(run => [run.id, run]))
  return [...byId.values()].sort(byStart).slice(0, most)
}

export function mergeFlow<T extends FlowSummary>(flow: T, batch: Batch): T {
  const changed = [...batch.runs.values()].filter(run => run.flow === flow.name)
  const deadLetters = batch.letters.get(flow.name) ?? flow.deadLetters
  if (changed.length === 0 && deadLetters === flow.deadLetters) return flow
  const recent = upsertRuns(flow.recent, changed, MOST_RECENT)
  return { ...flow, recent, deadLetters, ...openOf(flow, changed), ...freshnessOf(flow, changed) }
}

function openOf(flow: FlowSummary, changed: RunSummary[]): Pick<FlowSummary, 'openRuns'> {
  const wasOpen = new Set(flow.recent.filter(run => run.status === 'running').map(run => run.id))
  let openRuns = flow.openRuns
  for (const run of changed) openRuns += Number(run.status === 'running') - Number(wasOpen.has(run.id))
  return { openRuns: Math.max(0, openRuns) }
}

function freshnessOf(
  flow: FlowSummary,
  changed: RunSummary[],
): Pick<FlowSummary, 'lastSuccess' | 'freshSeconds'> {
  const ends = changed
    .filter(run => run.status === 'succeeded' && run.endedAt !== null)
    .map(run => run.endedAt as string)
  const lastSuccess = [flow.lastSuccess ?? '', ...ends].sort().at(-1) || null
  return { lastSuccess, freshSeconds: lastSuccess === flow.lastSuccess ? flow.freshSeconds : 0 }
}

function passes(run: RunSummary, filter: RunFilter): boolean {
  return (
    (!filter.flow || run.flow === filter.flow) &&
    (!filter.status || run.status === filter.status) &&
    (!filter.trigger || run.trigger === filter.trigger)
  )
}

/** Longer than this a page does not grow by new runs: it has to be read anew, and its place in the list with it. */
export const MOST_A_PAGE = 2 * RUNS_A_PAGE

/** New runs come into the first page alone; those of a later one, which may be begun again, change in place. */
export function mergeRunPage(page: RunPage, filter: RunFilter, batch: Batch): RunPage {
  const known = new Set(page.runs.map(run => run.id))
  const last = page.next === null ? undefined : page.runs.at(-1)
  const isNew = (run: RunSummary) =>
    !filter.before && passes(run, filter) && (!last || byStart(run, last) < 0)
  const changed = [...batch.runs.values()].filter(run => known.has(run.id) || isNew(run))
  if (changed.length === 0) return page
  return { ...page, runs: upsertRuns(page.runs, changed, MOST_A_PAGE).filter(run => passes(run, filter)) }
}

const errorKey = (error: RunError) => `${error.at} ${error.node} ${error.attempt} ${error.message}`

/** Errors since the run was read, in its list and in its counts. */
function mergeErrors(run: RunDetail, came: RunError[]): Partial<RunDetail> {
  const known = new Set(run.errorList.map(errorKey))
  const added = came.filter(error => !known.has(errorKey(error)))
  const count = (fate: RunError['fate']) => added.filter(error => error.fate === fate).length
  return {
    errorList: [...run.errorList, ...added].slice(0, MOST_ERRORS),
    errors: run.errors + added.length,
    retries: run.retries + count('retried'),
    deadLetters: run.deadLetters + count('dead'),
  }
}

function mergeSpans(list: TaskSpan[], added: Map<string, TaskSpan>): { tasks: TaskSpan[]; dropped: number } {
  const all = new Map(list.map(span => [spanKey(span), span]))
  for (const [key, span] of added) all.set(key, span)
  const tasks = [...all.values()].sort((left, right) => left.beganSeconds - right.beganSeconds)
  const dropped = Math.max(0, tasks.length - MOST_SPANS)
  return { tasks: tasks.slice(dropped), dropped }
}

export function mergeRun(run: RunDetail, batch: Batch): RunDetail {
  const summary = batch.runs.get(run.id)
  const errors = batch.errors.get(run.id)
  const spans = batch.spans.get(run.id)
  const live = batch.progress.get(run.flow)
  const isLive = live?.runs.includes(run.id) ?? false
  if (!summary && !errors && !spans && !isLive) return run
  const next: RunDetail = { ...run, ...(errors && mergeErrors(run, errors)), ...summary }
  if (live && isLive) next.live = laterLive(run.live, live)
  if (spans && run.profile) {
    const { tasks, dropped } = mergeSpans(run.profile.tasks, spans)
    next.profile = { ...run.profile, tasks, earlier: run.profile.earlier + dropped }
  }
  return next
}
