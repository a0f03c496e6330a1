/**
 * Live events, gathered for a moment: of what only the newest counts (progress, a run's summary, a count of
 * letters) the newest is kept, and what adds up (errors, spans) is bounded.
 */
import type { Live, LiveEvent, RunError, RunSummary, TaskSpan } from './types'

export const MOST_ERRORS = 1000
export const MOST_SPANS = 500
const MOST_NOTICES = 5

export type LiveError = RunError & { run: string; flow: string }

export interface Batch {
  isReset: boolean
  runs: Map<string, RunSummary>
  /** runs that began in this batch */
  begun: Set<string>
  progress: Map<string, Live>
  errors: Map<string, LiveError[]>
  spans: Map<string, Map<string, TaskSpan>>
  changedFlows: Set<string>
  letters: Map<string, number>
  notices: string[]
}

export function emptyBatch(): Batch {
  return {
    isReset: false,
    runs: new Map(),
    begun: new Set(),
    progress: new Map(),
    errors: new Map(),
    spans: new Map(),
    changedFlows: new Set(),
    letters: new Map(),
    notices: [],
  }
}

export const spanKey = (span: TaskSpan) => `${span.task} ${span.attempt}`

/** Adds an event; names that a newer server may send are passed over. */
export function gather(batch: Batch, live: LiveEvent) {
  switch (live.event) {
    case 'run_started':
      batch.begun.add(live.data.id)
      batch.runs.set(live.data.id, live.data)
      break
    case 'run_resumed':
    case 'run_ended':
      batch.runs.set(live.data.id, live.data)
      break
    case 'progress':
      batch.progress.set(live.data.flow, live.data)
      break
    case 'error':
      gatherError(batch, live.data)
      break
    case 'tasks':
      gatherSpans(batch, live.data.run, live.data.spans)
      break
    case 'flow_changed':
      batch.changedFlows.add(live.data.flow)
      break
    case 'letters_changed':
      batch.letters.set(live.data.flow, live.data.deadLetters)
      break
    case 'firing_dropped':
      batch.changedFlows.add(live.data.flow)
      notice(batch, `${live.data.flow}: a firing of ${live.data.trigger} was dropped: ${live.data.reason}`)
      break
    case 'notice':
      notice(batch, live.data.text)
      break
    case 'reset':
      batch.isReset = true
  }
}

function gatherError(batch: Batch, error: LiveError) {
  const errors = batch.errors.get(error.run) ?? []
  if (errors.length < MOST_ERRORS) errors.push(error)
  batch.errors.set(error.run, errors)
}

function gatherSpans(batch: Batch, run: string, spans: TaskSpan[]) {
  const known = batch.spans.get(run) ?? new Map<string, TaskSpan>()
  for (const span of spans) {
    known.delete(spanKey(span))
    known.set(spanKey(span), span)
  }
  while (known.size > MOST_SPANS) known.delete(known.keys().next().value as string)
  batch.spans.set(run, known)
}

function notice(batch: Batch, text: string) {
  if (!batch.notices.includes(text)) batch.notices.push(text)
  if (batch.notices.length > MOST_NOTICES) batch.notices.shift()
}

/** Calls `flush` with all events of the last `intervalMs`, and never while nothing came. */
export class Gatherer {
  private batch = emptyBatch()
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly flush: (batch: Batch) => void,
    private readonly intervalMs = 250,
  ) {}

  add(event: LiveEvent) {
    gather(this.batch, event)
    this.timer ??= setTimeout(() => {
      const batch = this.batch
      this.batch = emptyBatch()
      this.timer = undefined
      this.flush(batch)
    }, this.intervalMs)
  }
}
