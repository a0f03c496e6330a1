import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useRef, useState } from 'react'
import type { Batch } from '../api/batch'
import { get, path, withQuery } from '../api/client'
import { useBatches } from '../api/live'
import { keys, LETTERS_A_PAGE, type LetterPage } from '../api/queries'
import type { Bulk, DeadLetter, RunSummary } from '../api/types'
import { type Attempts, begin, NO_ATTEMPTS, observe, settle, triedRuns, unsettledRuns } from './attempts'

/** All dead letters of a run, page by page. */
async function readLetters(run: string): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  let before: string | null = ''
  while (before !== null) {
    const page: LetterPage = await get(withQuery('/dead-letters', { run, before, limit: LETTERS_A_PAGE }))
    letters.push(...page.letters)
    before = page.next
  }
  return letters
}

/** The letters that were tried again on this page, and what became of them. */
export function useAttempts() {
  const client = useQueryClient()
  const [attempts, setAttempts] = useState<Attempts>(NO_ATTEMPTS)
  const current = useRef(attempts)
  const change = useCallback((next: Attempts) => {
    current.current = next
    setAttempts(next)
  }, [])
  // One run is read after the other: there may be thousands.
  const reading = useRef(Promise.resolve())
  const read = useCallback(
    (runs: Iterable<string>) => {
      const readRun = async (run: string) => {
        if (!triedRuns(current.current).has(run)) return
        const { status } = await get<RunSummary>(path('runs', run))
        if (status !== 'running') change(settle(current.current, run, await readLetters(run)))
      }
      for (const run of runs) {
        // Where it cannot be read they stay as they are: being tried, as far as is known.
        reading.current = reading.current.then(() => readRun(run)).catch(() => {})
      }
    },
    [change],
  )
  const follow = useCallback(
    (batch: Batch) => {
      change(observe(current.current, batch))
      read(batch.isReset ? triedRuns(current.current) : unsettledRuns(current.current, batch))
    },
    [change, read],
  )
  useBatches(follow)
  const add = useCallback(
    ({ accepted }: Pick<Bulk, 'accepted'>) => {
      change(begin(current.current, accepted))
      // Events may have come before the answer: a short attempt has ended by now.
      read(new Set(accepted.map(({ run }) => run)))
      void client.invalidateQueries({ queryKey: keys.letters })
    },
    [change, read, client],
  )
  return { attempts, add, clear: useCallback(() => change(NO_ATTEMPTS), [change]) }
}
