/** Letters that are tried again, followed by the live events until it is known how that ended. Pure. */
import type { Batch } from '../api/batch'
import type { Bulk } from '../api/types'

export type AttemptState = 'trying' | 'succeeded' | 'failed'
export type LetterId = { run: string; task: string }
export type Attempts = ReadonlyMap<string, { id: LetterId; state: AttemptState }>

export const NO_ATTEMPTS: Attempts = new Map()

export const letterKey = ({ run, task }: LetterId) => `${run} ${task}`

export function begin(attempts: Attempts, accepted: Bulk['accepted']): Attempts {
  return new Map([
    ...attempts,
    ...accepted.map(id => [letterKey(id), { id, state: 'trying' as const }] as const),
  ])
}

/** A task tells its end by its span; one whose span was not sent, by the end of its run. */
export function observe(attempts: Attempts, batch: Batch): Attempts {
  const next = new Map(attempts)
  let isChanged = false
  for (const [key, { id, state }] of attempts) {
    const found = state === 'trying' ? endOf(id, batch) : null
    if (found === null) continue
    next.set(key, { id, state: found })
    isChanged = true
  }
  return isChanged ? next : attempts
}

function endOf({ run, task }: LetterId, batch: Batch): AttemptState | null {
  const spans = [...(batch.spans.get(run)?.values() ?? [])].filter(span => span.task === task)
  if (spans.some(span => span.result === 'done')) return 'succeeded'
  if (spans.some(span => span.result === 'dead' || span.result === 'dropped')) return 'failed'
  return batch.runs.get(run)?.status === 'succeeded' ? 'succeeded' : null
}

/** Runs of which letters are being tried. */
export const triedRuns = (attempts: Attempts): Set<string> =>
  new Set([...attempts.values()].filter(each => each.state === 'trying').map(each => each.id.run))

/** Runs that ended badly in this batch and have letters being tried: what is dead of them has to be read. */
export function unsettledRuns(attempts: Attempts, batch: Batch): string[] {
  const tried = triedRuns(attempts)
  return [...batch.runs.values()]
    .filter(run => run.status !== 'running' && tried.has(run.id))
    .map(run => run.id)
}

/** What is a dead letter after its run has ended has failed again; the others have succeeded. */
export function settle(attempts: Attempts, run: string, dead: LetterId[]): Attempts {
  const keys = new Set(dead.map(letterKey))
  const settled = [...attempts].map(([key, attempt]) => {
    if (attempt.state !== 'trying' || attempt.id.run !== run) return [key, attempt] as const
    return [key, { id: attempt.id, state: keys.has(key) ? 'failed' : 'succeeded' }] as const
  })
  return new Map(settled)
}

export function countAttempts(attempts: Attempts): { [state in AttemptState]: number } {
  const counts = { trying: 0, succeeded: 0, failed: 0 }
  for (const { state } of attempts.values()) counts[state] += 1
  return counts
}
